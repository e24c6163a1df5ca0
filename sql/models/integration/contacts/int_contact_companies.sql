{{ config(materialized='table') }}

with contacts as (

    select
        contact_id,
        unnest(company_ids) as company_id
    from {{ ref('int_contacts__deduplicated') }}

),

contact_id_map as (

    select * from {{ ref('int_contact_id_map') }}

),

company_id_map as (

    select * from {{ ref('int_company_id_map') }}

)

select distinct
    contact_id_map.contact_pk,
    company_id_map.company_pk
from company_id_map
inner join contacts on company_id_map.company_id = contacts.company_id
inner join contact_id_map on contacts.contact_id = contact_id_map.contact_id
