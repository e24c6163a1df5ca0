{# A first and a last name as one; null when both are. #}
{% macro full_name(first_name, last_name) -%}
    {%- set both_names -%}
        (coalesce({{ first_name }}, '') || ' ' || coalesce({{ last_name }}, ''))
    {%- endset -%}
    {{ clean_text(both_names) }}
{%- endmacro %}
