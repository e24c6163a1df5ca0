with

timesheets as (
    select * from {{ ref('timesheets_fct') }}
),

daily as (
    select
        company_pk,
        billing_date,
        cast(sum(hours) as decimal(18, 4)) as hours,
        sum(cost_base) as unrounded_cost
    from timesheets
    where company_pk is not null
    group by company_pk, billing_date
),

final as (
    select
        company_pk,
        billing_date,
        hours,
        -- an eighth as a decimal: dividing would go through floating point
        cast(hours * cast(0.125 as decimal(4, 3)) as decimal(18, 2))
            as delivery_days,
        cast(unrounded_cost as decimal(18, 2)) as delivery_cost
    from daily
    where hours > 0
)

select * from final
