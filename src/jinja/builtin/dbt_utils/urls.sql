{#- URLs, and what is said to people. -#}

{% macro get_url_parameter(field, url_parameter) -%}
    {{ return(adapter.dispatch('get_url_parameter', 'dbt_utils')(field, url_parameter)) }}
{%- endmacro %}

{% macro default__get_url_parameter(field, url_parameter) -%}
    nullif({{ dbt.split_part(dbt.split_part(field, "'" ~ url_parameter ~ "='", 2), "'&'", 1) }}, '')
{%- endmacro %}

{% macro get_url_host(field) -%}
    {{ return(adapter.dispatch('get_url_host', 'dbt_utils')(field)) }}
{%- endmacro %}

{% macro default__get_url_host(field) -%}
    {%- set bare = dbt.replace(field, "'android-app://'", "''") -%}
    {%- set bare = dbt.replace(bare, "'http://'", "''") -%}
    {%- set bare = dbt.replace(bare, "'https://'", "''") -%}
    {{ dbt.safe_cast(dbt.split_part(dbt.split_part(bare, "'/'", 1), "'?'", 1), dbt.type_string()) }}
{%- endmacro %}

{% macro get_url_path(field) -%}
    {{ return(adapter.dispatch('get_url_path', 'dbt_utils')(field)) }}
{%- endmacro %}

{% macro default__get_url_path(field) -%}
    {%- set bare = dbt.replace(dbt.replace(field, "'http://'", "''"), "'https://'", "''") -%}
    {%- set slash = dbt.position("'/'", bare) -%}
    {%- set path = 'case when ' ~ slash ~ ' = 0 then \'\' else substr(' ~ bare ~ ', ' ~ slash ~ ' + 1) end' -%}
    {{ dbt.safe_cast(dbt.split_part(path, "'?'", 1), dbt.type_string()) }}
{%- endmacro %}

{% macro pretty_time(format='%H:%M:%S') -%}
    {{ return(modules.datetime.datetime.now().strftime(format)) }}
{%- endmacro %}

{% macro pretty_log_format(message) -%}
    {{ return(dbt_utils.pretty_time() ~ ' + ' ~ message) }}
{%- endmacro %}

{% macro log_info(message) -%}
    {{ log(dbt_utils.pretty_log_format(message), info=true) }}
{%- endmacro %}
