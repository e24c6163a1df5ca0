with source as (

    {{ source_columns('rudderstack', 'identifies', [
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
    'rudderstack-' || id as event_id,
    anonymous_id,
    user_id,
    coalesce(email, context_traits_email) as email,
    coalesce("timestamp", received_at) as event_ts
from source
