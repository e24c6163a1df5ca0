{{ config(materialized='table') }}

with

users as (
    select * from {{ ref('int_web_users') }}
),

pageviews as (
    select * from {{ ref('int_pageviews') }}
),

identifies as (
    select * from {{ ref('int_identifies') }}
),

events as (
    select
        anonymous_id,
        entity_source,
        user_id,
        event_ts,
        event_id
    from pageviews
    where anonymous_id is not null and user_id is not null

    union all

    select
        anonymous_id,
        entity_source,
        user_id,
        event_ts,
        event_id
    from identifies
    where anonymous_id is not null and user_id is not null
),

final as (
    select
        events.anonymous_id,
        {{ latest_value(
            'users.contact_pk', 'events.event_ts', 'events.event_id'
        ) }} as contact_pk
    from users
    inner join events
        on
            users.entity_source = events.entity_source
            and users.user_id = events.user_id
    group by events.anonymous_id
)

select * from final
