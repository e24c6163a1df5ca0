{# An amount rounded half away from zero to two places. #}
{% macro to_cents(amount) -%}
    cast({{ amount }} as decimal(18,2))
{%- endmacro %}
