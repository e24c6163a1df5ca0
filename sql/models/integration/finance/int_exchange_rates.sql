{{ config(materialized='table') }}

with rates as (

    select
        upper({{ clean_text('currency') }}) as currency,
        rate_date,
        max(rate_to_base) as rate_to_base
    from {{ ref('exchange_rates') }}
    where rate_date <= cast({{ as_of() }} as date)
    group by 1, rate_date

),

periods as (

    select
        currency,
        rate_date as first_date,
        coalesce(
            lead(rate_date) over (partition by currency order by rate_date),
            cast({{ as_of() }} + interval '1 day' as date)
        ) as next_date,
        rate_to_base
    from rates

),

days as (

    select
        currency,
        unnest(
            range(
                cast(first_date as timestamp),
                cast(next_date as timestamp),
                interval '1 day'
            )
        ) as rate_ts,
        rate_to_base
    from periods

)

select
    currency,
    cast(rate_ts as date) as rate_date,
    rate_to_base
from days
