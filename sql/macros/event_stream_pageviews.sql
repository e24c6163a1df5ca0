{# The page views and other events of an event stream, as Segment and
   RudderStack both write them into warehouses. #}
{% macro event_stream_pageviews(source_name) %}
with pages as (

    {{ source_columns(source_name, 'pages', [
        ('id', 'varchar'),
        ('anonymous_id', 'varchar'),
        ('user_id', 'varchar'),
        ('timestamp', 'timestamp'),
        ('received_at', 'timestamp'),
        ('url', 'varchar'),
        ('title', 'varchar'),
        ('context_page_url', 'varchar'),
        ('context_page_title', 'varchar'),
        ('context_campaign_source', 'varchar'),
        ('context_campaign_medium', 'varchar'),
        ('context_campaign_name', 'varchar'),
    ]) }}

),

tracks as (

    {{ source_columns(source_name, 'tracks', [
        ('id', 'varchar'),
        ('anonymous_id', 'varchar'),
        ('user_id', 'varchar'),
        ('timestamp', 'timestamp'),
        ('received_at', 'timestamp'),
        ('event', 'varchar'),
        ('event_text', 'varchar'),
        ('context_page_url', 'varchar'),
        ('context_page_title', 'varchar'),
        ('context_campaign_source', 'varchar'),
        ('context_campaign_medium', 'varchar'),
        ('context_campaign_name', 'varchar'),
    ]) }}

),

page_views as (

    select
        '{{ source_name }}-' || id as event_id,
        anonymous_id,
        user_id,
        'Page View' as event_type,
        coalesce("timestamp", received_at) as event_ts,
        coalesce(title, context_page_title) as event_details,
        coalesce(url, context_page_url) as page_url,
        coalesce(title, context_page_title) as page_title,
        context_campaign_source as utm_source,
        context_campaign_medium as utm_medium,
        context_campaign_name as utm_campaign
    from pages

),

other_events as (

    select
        '{{ source_name }}-' || id as event_id,
        anonymous_id,
        user_id,
        coalesce(event_text, event) as event_type,
        coalesce("timestamp", received_at) as event_ts,
        coalesce(event_text, event) as event_details,
        context_page_url as page_url,
        context_page_title as page_title,
        context_campaign_source as utm_source,
        context_campaign_medium as utm_medium,
        context_campaign_name as utm_campaign
    from tracks

)

select * from page_views
union all
select * from other_events
{%- endmacro %}
