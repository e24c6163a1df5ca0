with

interactions as (
    select * from {{ ref('int_interactions') }}
),

contacts as (
    select * from {{ ref('contacts_dim') }}
),

final as (
    select
        interactions.interaction_id,
        interactions.contact_pk,
        coalesce(interactions.own_company_pk, contacts.company_pk)
            as company_pk,
        interactions.interaction_type,
        nullif(
            trim(
                regexp_replace(
                    left(interactions.interaction_details, 200),
                    '[^A-Za-z0-9]+', ' ', 'g'
                )
            ), ''
        ) as interaction_details,
        interactions.interaction_ts,
        interactions.entity_source
    from contacts
    inner join interactions
        on contacts.contact_pk = interactions.contact_pk
)

select * from final
