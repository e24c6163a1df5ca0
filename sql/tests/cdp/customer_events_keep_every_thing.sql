-- Counts and values by type of event, in customer_events_xa and where they
-- come from: a difference means that a join lost or doubled some.
with

events as (
    select
        event_type,
        count(*) as n_events,
        sum(event_value) as event_value
    from {{ ref('customer_events_xa') }}
    where event_type in (
        'Deal Created', 'Deal Won', 'Deal Lost', 'Invoice Created',
        'Invoice Paid', 'Delivery Cost'
    )
    group by event_type
),

deals as (
    select * from {{ ref('deals_fct') }}
    where company_pk is not null
),

invoices as (
    select * from {{ ref('int_invoices') }}
    where
        company_pk is not null
        and services_amount > 0
        and invoice_status in ('open', 'paid')
),

things as (
    select
        'Deal Created' as event_type,
        coalesce(amount_base, 0) as event_value
    from deals

    union all

    select
        case deal_status when 'won' then 'Deal Won' else 'Deal Lost' end
            as event_type,
        coalesce(amount_base_decided, 0) as event_value
    from deals
    where deal_status <> 'open'

    union all

    select
        'Invoice Created' as event_type,
        amount_base_issued as event_value
    from invoices

    union all

    select
        'Invoice Paid' as event_type,
        amount_base_paid as event_value
    from invoices
    where invoice_status = 'paid' and invoice_paid_at is not null

    union all

    select
        'Delivery Cost' as event_type,
        delivery_cost as event_value
    from {{ ref('delivery_costs_fct') }}
),

totals as (
    select
        event_type,
        count(*) as n_things,
        sum(event_value) as thing_value
    from things
    group by event_type
)

select
    coalesce(events.event_type, totals.event_type) as event_type,
    events.n_events,
    totals.n_things,
    events.event_value,
    totals.thing_value
from events
full outer join totals
    on events.event_type = totals.event_type
where
    (events.n_events is distinct from totals.n_things)
    or (events.event_value is distinct from totals.thing_value)
