{{ config(materialized='table') }}

{%- set attributes = ['company_name', 'company_domain', 'company_industry'] %}
{%- set oldest_first =
    'companies.company_created_at asc nulls last, companies.company_id' %}

with companies as (

    select * from {{ ref('int_companies__deduplicated') }}

),

id_map as (

    select * from {{ ref('int_company_id_map') }}

),

final as (

    select
        id_map.company_pk,
        {% for column in attributes -%}
        (
            array_agg(companies.{{ column }} order by {{ oldest_first }})
            filter (where companies.{{ column }} is not null)
        )[1] as {{ column }},
        {% endfor -%}
        min(companies.company_created_at) as company_created_at,
        array_agg(companies.company_id order by companies.company_id)
            as all_company_ids
    from companies
    inner join id_map on companies.company_id = id_map.company_id
    group by id_map.company_pk

)

select
    company_pk,
    company_name,
    company_domain,
    company_industry,
    company_created_at,
    all_company_ids
from final
