{# A first and a last name as one; null when both are. #}
{% macro full_name(first_name, last_name) -%}
    {{ clean_text("(coalesce(" ~ first_name ~ ", '') || ' ' || coalesce(" ~ last_name ~ ", ''))") }}
{%- endmacro %}
