with companies as (

    select
        company_id,
        {{ normalise_company_name('company_name') }} as normalised_name
    from {{ ref('int_companies__deduplicated') }}

),

id_map as (

    select * from {{ ref('int_company_id_map') }}

)

select distinct
    companies.normalised_name,
    id_map.company_pk
from companies
inner join id_map on companies.company_id = id_map.company_id
where companies.normalised_name is not null
