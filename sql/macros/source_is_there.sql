{# Whether a source table has data behind it; taken to be so while the
   project is only being read. #}
{% macro source_is_there(source_name, table_name) -%}
    {%- set relation = source(source_name, table_name) -%}
    {%- if not execute -%}
        {{ return(true) }}
    {%- endif -%}
    {{ return(adapter.dispatch('source_is_there')(relation)) }}
{%- endmacro %}

{% macro default__source_is_there(relation) -%}
    {{ return(load_relation(relation) is not none) }}
{%- endmacro %}

{% macro duckdb__source_is_there(relation) -%}
    {{ return(relation_columns(relation) | length > 0) }}
{%- endmacro %}
