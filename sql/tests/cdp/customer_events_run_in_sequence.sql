-- The last event of each company carries the totals of all of them, and as
-- many events as its number says.
with

events as (
    select * from {{ ref('customer_events_xa') }}
),

companies as (
    select
        company_pk,
        count(*) as n_events,
        max(client_event_seq) as last_event_seq,
        sum(event_ltv) as total_ltv
    from events
    group by company_pk
)

select
    companies.company_pk,
    companies.n_events,
    companies.last_event_seq,
    companies.total_ltv,
    events.cumulative_ltv,
    events.cumulative_revenue,
    events.cumulative_delivery_cost
from companies
left join events
    on
        companies.company_pk = events.company_pk
        and companies.last_event_seq = events.client_event_seq
where
    companies.n_events <> companies.last_event_seq
    or companies.total_ltv <> events.cumulative_ltv
    or events.cumulative_ltv
    <> events.cumulative_revenue - events.cumulative_delivery_cost
