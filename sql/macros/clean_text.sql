{# A text without white space at its ends; null when nothing else is in it. #}
{% macro clean_text(text) -%}
    nullif(trim(both '{{ white_space() }}' from {{ text }}), '')
{%- endmacro %}
