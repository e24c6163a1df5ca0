{{ config(materialized='table') }}

with projects as (

    {{ latest_version(ref('int_projects__unioned'), 'projects') }}

),

company_id_map as (

    select * from {{ ref('int_company_id_map') }}

)

select
    projects.project_id,
    projects.project_name,
    company_id_map.company_pk,
    projects.entity_source
from projects
left join company_id_map on projects.company_id = company_id_map.company_id
