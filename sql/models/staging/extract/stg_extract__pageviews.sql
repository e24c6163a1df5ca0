with source as (

    {{ source_columns('extract', 'pageviews', entity_columns('pageviews')) }}

)

select
    'extract-' || event_id as event_id,
    anonymous_id,
    user_id,
    event_type,
    event_ts,
    event_details,
    page_url,
    page_title,
    utm_source,
    utm_medium,
    utm_campaign
from source
