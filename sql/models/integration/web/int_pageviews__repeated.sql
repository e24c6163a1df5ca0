{{ config(materialized='table') }}

select
    event_id,
    count(*) as versions
from {{ ref('int_pageviews__unioned') }}
where event_id is not null
group by event_id
having count(*) > 1
