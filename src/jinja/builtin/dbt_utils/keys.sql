{#- Keys and numbers. -#}

{% macro generate_surrogate_key(field_list) -%}
    {{ return(adapter.dispatch('generate_surrogate_key', 'dbt_utils')(field_list)) }}
{%- endmacro %}

{#- A hash of the fields as text, a dash between them; a null counts as a text of its own. -#}
{% macro default__generate_surrogate_key(field_list) -%}
    {%- set null_text = '' if var('surrogate_key_treat_nulls_as_empty_strings', false) else '_dbt_utils_surrogate_key_null_' -%}
    {%- set parts = [] -%}
    {%- for field in field_list -%}
        {%- do parts.append("coalesce(cast(" ~ field ~ " as " ~ dbt.type_string() ~ "), '" ~ null_text ~ "')") -%}
        {%- if not loop.last -%}{%- do parts.append("'-'") -%}{%- endif -%}
    {%- endfor -%}
    {{ dbt.hash(dbt.concat(parts)) }}
{%- endmacro %}

{% macro surrogate_key(field_list) -%}
    {{ exceptions.raise_compiler_error(
        '`dbt_utils.surrogate_key` has been replaced by `dbt_utils.generate_surrogate_key`, whose keys differ for nulls'
    ) }}
{%- endmacro %}

{% macro safe_add(field_list) -%}
    {{ return(adapter.dispatch('safe_add', 'dbt_utils')(field_list)) }}
{%- endmacro %}

{% macro default__safe_add(field_list) -%}
    {%- if field_list is not iterable or field_list is string or field_list is mapping -%}
        {{ exceptions.raise_compiler_error('`safe_add` takes a list of fields') }}
    {%- endif -%}
    {%- for field in field_list -%}
        coalesce({{ field }}, 0){{ ' +\n    ' if not loop.last }}
    {%- endfor -%}
{%- endmacro %}

{% macro safe_subtract(field_list) -%}
    {{ return(adapter.dispatch('safe_subtract', 'dbt_utils')(field_list)) }}
{%- endmacro %}

{% macro default__safe_subtract(field_list) -%}
    {%- if field_list is not iterable or field_list is string or field_list is mapping -%}
        {{ exceptions.raise_compiler_error('`safe_subtract` takes a list of fields') }}
    {%- endif -%}
    {%- for field in field_list -%}
        coalesce({{ field }}, 0){{ ' -\n    ' if not loop.last }}
    {%- endfor -%}
{%- endmacro %}

{% macro safe_divide(numerator, denominator) -%}
    {{ return(adapter.dispatch('safe_divide', 'dbt_utils')(numerator, denominator)) }}
{%- endmacro %}

{% macro default__safe_divide(numerator, denominator) -%}
    ({{ numerator }}) / nullif(({{ denominator }}), 0)
{%- endmacro %}

{% macro group_by(n) -%}
    {{ return(adapter.dispatch('group_by', 'dbt_utils')(n)) }}
{%- endmacro %}

{% macro default__group_by(n) -%}
    group by {% for i in range(1, n + 1) %}{{ i }}{{ ',' if not loop.last }}{% endfor %}
{%- endmacro %}

{% macro width_bucket(expr, min_value, max_value, num_buckets) -%}
    {{ return(adapter.dispatch('width_bucket', 'dbt_utils')(expr, min_value, max_value, num_buckets)) }}
{%- endmacro %}

{% macro default__width_bucket(expr, min_value, max_value, num_buckets) -%}
    case
        when {{ expr }} < {{ min_value }} then 0
        when {{ expr }} >= {{ max_value }} then {{ num_buckets }} + 1
        else cast(floor(
            (cast({{ expr }} as double) - {{ min_value }}) * {{ num_buckets }}
            / (cast({{ max_value }} as double) - {{ min_value }})
        ) as bigint) + 1
    end
{%- endmacro %}

{% macro haversine_distance(lat1, lon1, lat2, lon2, unit='mi') -%}
    {{ return(adapter.dispatch('haversine_distance', 'dbt_utils')(lat1, lon1, lat2, lon2, unit)) }}
{%- endmacro %}

{% macro default__haversine_distance(lat1, lon1, lat2, lon2, unit='mi') -%}
    {%- if unit not in ['mi', 'km'] -%}
        {{ exceptions.raise_compiler_error('the unit of `haversine_distance` is `mi` or `km`, not `' ~ unit ~ '`') }}
    {%- endif -%}
    2 * 3961 * {{ '1.60934' if unit == 'km' else '1' }} * asin(sqrt(
        power(sin(radians({{ lat2 }} - {{ lat1 }}) / 2), 2)
        + cos(radians({{ lat1 }})) * cos(radians({{ lat2 }})) * power(sin(radians({{ lon2 }} - {{ lon1 }}) / 2), 2)
    ))
{%- endmacro %}

{% macro degrees_to_radians(degrees) -%}
    radians({{ degrees }})
{%- endmacro %}

{% macro date_spine(datepart, start_date, end_date) -%}
    {{ return(adapter.dispatch('date_spine', 'dbt_utils')(datepart, start_date, end_date)) }}
{%- endmacro %}

{% macro default__date_spine(datepart, start_date, end_date) -%}
    {{ dbt.date_spine(datepart, start_date, end_date) }}
{%- endmacro %}

{% macro get_intervals_between(start_date, end_date, datepart) -%}
    {{ return(dbt.get_intervals_between(start_date, end_date, datepart)) }}
{%- endmacro %}

{% macro generate_series(upper_bound) -%}
    {{ return(adapter.dispatch('generate_series', 'dbt_utils')(upper_bound)) }}
{%- endmacro %}

{% macro default__generate_series(upper_bound) -%}
    {{ dbt.generate_series(upper_bound) }}
{%- endmacro %}

{% macro get_powers_of_two(upper_bound) -%}
    {{ return(dbt.get_powers_of_two(upper_bound)) }}
{%- endmacro %}
