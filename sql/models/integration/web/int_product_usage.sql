{{ config(materialized='table') }}

with product_usage as (

    select
        contact_id,
        usage_date,
        cast(usage_minutes as decimal(18,4)) as usage_minutes
    from {{ ref('int_product_usage__unioned') }}
    where cast(usage_date as timestamp) <= {{ as_of() }}

),

contact_id_map as (

    select * from {{ ref('int_contact_id_map') }}

)

select
    contact_id_map.contact_pk,
    product_usage.usage_date,
    sum(product_usage.usage_minutes) as usage_minutes
from contact_id_map
inner join product_usage
    on contact_id_map.contact_id = product_usage.contact_id
group by contact_id_map.contact_pk, product_usage.usage_date
