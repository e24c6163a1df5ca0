-- The web events that are dropped because another version of them stays.
{{ config(severity='warn') }}

select
    event_id,
    unnest(range(1, versions)) as surplus_version
from {{ ref('int_pageviews__repeated') }}
