{{ config(materialized='table') }}

with latest_interactions as (

    {{ latest_version(ref('int_interactions__unioned'), 'interactions') }}

),

interactions as (

    select *
    from latest_interactions
    where interaction_ts <= {{ as_of() }}

),

contact_id_map as (

    select * from {{ ref('int_contact_id_map') }}

),

contact_emails as (

    select * from {{ ref('int_contact_emails') }}

),

company_id_map as (

    select * from {{ ref('int_company_id_map') }}

),

final as (

    select
        interactions.interaction_id,
        coalesce(contact_id_map.contact_pk, contact_emails.contact_pk)
            as contact_pk,
        company_id_map.company_pk as own_company_pk,
        interactions.interaction_type,
        interactions.interaction_ts,
        interactions.interaction_details,
        interactions.entity_source
    from interactions
    left join contact_id_map
        on interactions.contact_id = contact_id_map.contact_id
    left join contact_emails
        on interactions.contact_id = contact_emails.email
    left join company_id_map
        on interactions.company_id = company_id_map.company_id

)

select
    interaction_id,
    contact_pk,
    own_company_pk,
    interaction_type,
    interaction_ts,
    interaction_details,
    entity_source
from final
where contact_pk is not null
