{{ config(materialized='table') }}

with components as (

    {{ connected_components(
        ref('int_contacts__matched'), 'contact_id', 'matched_contact_id'
    ) }}

),

contacts as (

    select contact_id from {{ ref('int_contacts__deduplicated') }}

),

people as (

    select
        components.component,
        md5(min(contacts.contact_id)) as contact_pk
    from contacts
    inner join components on contacts.contact_id = components.member
    group by components.component

)

select
    components.member as contact_id,
    people.contact_pk
from people
inner join components on people.component = components.component
