{# A timestamp in UTC from text with or without an offset; null when the text
   is no timestamp. #}
{% macro parse_timestamp(text) -%}
    {{ return(adapter.dispatch('parse_timestamp')(text)) }}
{%- endmacro %}

{# An hour may be one digit. #}
{% macro default__parse_timestamp(text) -%}
    try_cast(
        regexp_replace(
            {{ clean_text(text) }}, '^(\S+)[ T](\d):', '\1 0\2:'
        ) as timestamp
    )
{%- endmacro %}

{# DuckDB passes over the offset unless the type has a zone. #}
{% macro duckdb__parse_timestamp(text) -%}
    cast(try_cast({{ clean_text(text) }} as timestamptz) as timestamp)
{%- endmacro %}
