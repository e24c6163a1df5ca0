{# A currency code as it is compared; a blank one is the base currency. #}
{% macro currency_or_base(currency) -%}
    coalesce(upper({{ currency }}), {{ base_currency() }})
{%- endmacro %}
