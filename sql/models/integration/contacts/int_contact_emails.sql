{{ config(materialized='table') }}

with emails as (

    select * from {{ ref('int_contacts__emails') }}

),

id_map as (

    select * from {{ ref('int_contact_id_map') }}

)

select distinct
    emails.email,
    id_map.contact_pk
from emails
inner join id_map on emails.contact_id = id_map.contact_id
