{{ config(materialized='table') }}

with latest_timesheets as (

    {{ latest_version(ref('int_timesheets__unioned'), 'timesheets') }}

),

timesheets as (

    select
        timesheet_id,
        project_id,
        billing_date,
        cast(hours as decimal(18,4)) as hours,
        is_billable,
        coalesce(
            hourly_cost_rate,
            cast({{ var('default_hourly_cost') }} as decimal(18,2))
        ) as hourly_cost,
        case
            when hourly_cost_rate is null then {{ base_currency() }}
            else {{ currency_or_base('currency') }}
        end as currency_code,
        entity_source
    from latest_timesheets
    where cast(billing_date as timestamp) <= {{ as_of() }}

),

projects as (

    select * from {{ ref('int_projects') }}

),

exchange_rates as (

    select * from {{ ref('int_exchange_rates') }}

)

select
    timesheets.timesheet_id,
    projects.company_pk,
    timesheets.billing_date,
    timesheets.hours,
    {{ in_base_currency(
        'timesheets.hours * timesheets.hourly_cost',
        'timesheets.currency_code',
        'exchange_rates.rate_to_base'
    ) }} as cost_base,
    timesheets.is_billable,
    timesheets.entity_source
from projects
inner join timesheets on projects.project_id = timesheets.project_id
left join exchange_rates
    on
        timesheets.currency_code = exchange_rates.currency
        and timesheets.billing_date = exchange_rates.rate_date
