{%- set categories = page_categories() -%}
{%- set interests = categories
    | selectattr('measure', 'equalto', 'interest') | list -%}
{%- set views = categories
    | selectattr('measure', 'equalto', 'views') | list -%}
{%- set interest_names = interests | map(attribute='column_name') | list -%}
{%- set weights = event_weights() -%}
{%- set masks = pattern_masks(weights, categories) -%}

with

history as (
    select * from {{ ref('contact_web_event_history') }}
),

matched as (
    select
        contact_pk,
        event_id,
        event_ts,
        is_from_email,
        coalesce(page_title, '') as page_title,
        {%- for mask in masks %}
        {{ like_mask(mask.match_on, mask.patterns) }} as {{ mask.name }},
        {%- endfor %}
        event_type = 'Page View' as is_page_view
    from history
),

weighed as (
    select
        *,
        case
            {%- for weight in weights %}
            when {{ mask_condition(weight.rules, masks) }}
                then {{ weight.weight }}
            {%- endfor %}
            -- with or without weights, what no pattern matches weighs nothing
            when true then 0
        end as weight
    from matched
),

measured as (
    select
        contact_pk,
        {%- for category in interests %}
        cast(
            sum(
                case
                    when {{ mask_condition(category.rules, masks) }}
                        then weight
                    else 0
                end
            ) as bigint
        ) as {{ category.column_name }},
        {%- endfor %}
        {%- for category in views %}
        count(
            case when {{ mask_condition(category.rules, masks) }} then 1 end
        ) as {{ category.column_name }},
        {%- endfor %}
        count(case when is_page_view then 1 end) as page_views,
        count(case when is_from_email then 1 end) as email_visits,
        count(
            case
                when
                    is_page_view
                    and event_ts > {{ days_before_as_of(
                        var('web_visits_window_days')
                    ) }}
                    then 1
            end
        ) as visits_l90_days,
        min(case when is_page_view then event_ts end) as first_visit_ts,
        max(case when is_page_view then event_ts end) as last_visit_ts,
        {{ latest_value('page_title', 'event_ts', 'event_id') }} filter (
            where is_page_view
        ) as last_page_title
    from weighed
    group by contact_pk
),

totalled as (
    select
        *,
        {{ (interest_names or ['0']) | join(' + ') }} as total_interest,
        {% if interest_names -%}
        greatest({{ interest_names | join(', ') }})
        {%- else -%}
        0
        {%- endif %} as highest_interest
    from measured
),

final as (
    select
        contact_pk,
        {%- for category in interests + views %}
        {{ category.column_name }},
        {%- endfor %}
        cast(total_interest as bigint) as total_interest,
        case
            when highest_interest = 0 then cast(null as varchar)
            {%- for category in interests | sort(attribute='category') %}
            when {{ category.column_name }} = highest_interest
                then {{ text_literal(category.category) }}
            {%- endfor %}
        end as top_interest,
        page_views,
        email_visits,
        visits_l90_days,
        first_visit_ts,
        last_visit_ts,
        nullif(last_page_title, '') as last_page_title
    from totalled
)

select * from final
