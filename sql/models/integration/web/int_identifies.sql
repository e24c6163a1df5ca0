with latest_identifies as (

    {{ latest_version(ref('int_identifies__unioned'), 'identifies') }}

)

select
    event_id,
    anonymous_id,
    coalesce({{ normalise_email('email') }}, user_id) as user_id,
    email,
    event_ts,
    entity_source
from latest_identifies
where event_ts <= {{ as_of() }}
