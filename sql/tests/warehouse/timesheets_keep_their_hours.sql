-- Every hour of a known company is in delivery_costs_fct, but for the days
-- whose hours come to nothing or less.
with

timesheets as (
    select
        company_pk,
        billing_date,
        sum(hours) as hours
    from {{ ref('int_timesheets') }}
    where company_pk is not null
    group by company_pk, billing_date
    having sum(hours) > 0
),

delivery as (
    select
        company_pk,
        billing_date,
        hours
    from {{ ref('delivery_costs_fct') }}
)

select
    timesheets.company_pk,
    timesheets.billing_date,
    timesheets.hours as hours_worked,
    delivery.hours as hours_delivered
from timesheets
full outer join delivery
    on
        timesheets.company_pk = delivery.company_pk
        and timesheets.billing_date = delivery.billing_date
where timesheets.hours is distinct from delivery.hours
