with

users as (
    select * from {{ ref('int_web_users') }}
),

visitors as (
    select * from {{ ref('int_web_visitors') }}
),

pageviews as (
    select * from {{ ref('int_pageviews') }}
),

-- small sides first: they are what the joins hold in memory
identified as (
    select
        users.contact_pk as user_contact_pk,
        pageviews.*
    from users
    right join pageviews
        on
            users.entity_source = pageviews.entity_source
            and users.user_id = pageviews.user_id
),

stitched as (
    select
        coalesce(identified.user_contact_pk, visitors.contact_pk)
            as contact_pk,
        identified.event_id,
        identified.anonymous_id,
        identified.user_id,
        identified.event_type,
        identified.event_ts,
        identified.event_details,
        identified.page_url,
        identified.page_title,
        identified.utm_source,
        identified.utm_medium,
        identified.utm_campaign
    from visitors
    right join identified
        on
            visitors.anonymous_id = identified.anonymous_id
            and identified.user_id is null
),

final as (
    select
        contact_pk,
        event_id,
        anonymous_id,
        user_id,
        event_type,
        event_ts,
        event_details,
        page_url,
        page_title,
        utm_source,
        utm_medium,
        utm_campaign,
        coalesce(lower(utm_medium) = 'email', false)
        or event_type = 'Email Link Clicked' as is_from_email
    from stitched
    where contact_pk is not null
)

select * from final
