-- companies_dim adds up the customer events, company_ltv_fct the invoices and
-- delivery costs that they are made of: no pound may get lost between them.
with

from_events as (
    select
        company_pk,
        total_ltv
    from {{ ref('companies_dim') }}
),

from_facts as (
    select
        company_pk,
        total_ltv
    from {{ ref('company_ltv_fct') }}
)

select
    from_events.company_pk,
    from_events.total_ltv as ltv_from_events,
    from_facts.total_ltv as ltv_from_facts
from from_events
left join from_facts
    on from_events.company_pk = from_facts.company_pk
where from_events.total_ltv <> coalesce(from_facts.total_ltv, 0)
