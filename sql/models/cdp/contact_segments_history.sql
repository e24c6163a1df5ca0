{%- set snapshot = ref('contact_segments_snapshot') -%}

with

-- `run` takes no snapshots: before the first `build` there is no history
placements as (
    {% if relation_is_there(snapshot) -%}
    select * from {{ snapshot }}
    {%- else -%}
    select
        cast(null as varchar) as contact_pk,
        cast(null as varchar) as contact_name,
        cast(null as varchar) as contact_segment,
        cast(null as bigint) as segment_value,
        cast(null as timestamp) as dbt_valid_from,
        cast(null as timestamp) as dbt_valid_to
    where false
    {%- endif %}
),

-- what a later build for the same instant put right has never lasted
lasting as (
    select
        contact_pk,
        contact_name,
        contact_segment,
        segment_value,
        cast(dbt_valid_from as timestamp) as valid_from,
        cast(dbt_valid_to as timestamp) as valid_to
    from placements
    where dbt_valid_to is null or dbt_valid_to > dbt_valid_from
),

dated as (
    select
        *,
        max(case when valid_to is null then valid_from end) over (
            partition by contact_pk
        ) as current_from
    from lasting
),

-- a build for an earlier instant than the last one starts over from there
current_line as (
    select *
    from dated
    where
        current_from is null
        or valid_to is null
        or valid_from < current_from
),

final as (
    select
        contact_pk,
        contact_name,
        contact_segment,
        segment_value,
        lag(contact_segment) over (
            partition by contact_pk
            order by valid_from
        ) as previous_segment,
        valid_from,
        least(
            valid_to,
            lead(valid_from) over (
                partition by contact_pk
                order by valid_from
            )
        ) as valid_to
    from current_line
)

select * from final
