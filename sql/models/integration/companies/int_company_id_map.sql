{{ config(materialized='table') }}

with components as (

    {{ connected_components(
        ref('int_companies__matched'), 'company_id', 'matched_company_id'
    ) }}

)

select
    member as company_id,
    md5(component) as company_pk
from components
