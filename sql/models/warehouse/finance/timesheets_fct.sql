with

timesheets as (
    select * from {{ ref('int_timesheets') }}
),

final as (
    select
        timesheet_id,
        company_pk,
        is_billable,
        hours,
        cost_base,
        billing_date,
        entity_source
    from timesheets
)

select * from final
