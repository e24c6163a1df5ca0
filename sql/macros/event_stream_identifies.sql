{# Who an event stream says its visitors are, as Segment and RudderStack both
   write it into warehouses. #}
{% macro event_stream_identifies(source_name) %}
with source as (

    {{ source_columns(source_name, 'identifies', [
        ('id', 'varchar'),
        ('anonymous_id', 'varchar'),
        ('user_id', 'varchar'),
        ('email', 'varchar'),
        ('context_traits_email', 'varchar'),
        ('timestamp', 'timestamp'),
        ('received_at', 'timestamp'),
    ]) }}

)

select
    '{{ source_name }}-' || id as event_id,
    anonymous_id,
    user_id,
    coalesce(email, context_traits_email) as email,
    coalesce("timestamp", received_at) as event_ts
from source
{%- endmacro %}
