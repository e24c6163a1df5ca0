{# The base currency's code, as a text literal. #}
{% macro base_currency() -%}
    '{{ var("base_currency") | trim | upper }}'
{%- endmacro %}
