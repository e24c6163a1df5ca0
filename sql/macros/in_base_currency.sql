{# An amount in the base currency, rounded half away from zero to two places;
   null where no rate is known. #}
{% macro in_base_currency(amount, currency, rate_to_base) -%}
    cast({{ amount }} * {{ rate_or_one(currency, rate_to_base) }} as decimal(18,2))
{%- endmacro %}
