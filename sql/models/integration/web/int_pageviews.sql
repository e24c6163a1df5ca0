{%- set columns = entity_columns('pageviews') %}

with pageviews as (

    select *
    from {{ ref('int_pageviews__unioned') }}
    where event_id is not null

),

repeated as (

    select event_id from {{ ref('int_pageviews__repeated') }}

),

only_versions as (

    select pageviews.*
    from repeated
    right join pageviews on repeated.event_id = pageviews.event_id
    where repeated.event_id is null

),

all_versions as (

    select pageviews.*
    from repeated
    inner join pageviews on repeated.event_id = pageviews.event_id

),

latest_versions as (

    {{ latest_version('all_versions', 'pageviews') }}

),

final as (

    select * from only_versions
    union all
    select * from latest_versions

)

select
    {% for column, type in columns -%}
    {{ column }},
    {% endfor -%}
    entity_source
from final
where event_ts <= {{ as_of() }}
