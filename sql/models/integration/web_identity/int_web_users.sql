{{ config(materialized='table') }}

with

-- every version of a page view: one user_id more does no harm here, and
-- finding the latest versions is the dear part
pageviews as (
    select * from {{ ref('int_pageviews__unioned') }}
),

identifies as (
    select * from {{ ref('int_identifies') }}
),

contact_emails as (
    select * from {{ ref('int_contact_emails') }}
),

contact_ids as (
    select * from {{ ref('int_contact_id_map') }}
),

seen as (
    select distinct
        entity_source,
        user_id
    from pageviews
    where user_id is not null

    union

    select
        entity_source,
        user_id
    from identifies
    where user_id is not null
),

matched as (
    select
        seen.entity_source,
        seen.user_id,
        coalesce(
            contact_emails.contact_pk,
            staged_ids.contact_pk,
            raw_ids.contact_pk
        ) as contact_pk
    from seen
    left join contact_emails
        on contact_emails.email = {{ normalise_email('seen.user_id') }}
    left join contact_ids as staged_ids
        on staged_ids.contact_id = seen.user_id
    left join contact_ids as raw_ids
        on raw_ids.contact_id = concat(seen.entity_source, '-', seen.user_id)
),

final as (
    select
        entity_source,
        user_id,
        contact_pk
    from matched
    where contact_pk is not null
)

select * from final
