{# An amount times its rate to the base currency, exact; the base currency
   needs no rate, and without a rate any other amount is null. #}
{% macro in_base_currency(amount, currency, rate_to_base) -%}
    case
        when {{ currency }} = '{{ var("base_currency") | trim | upper }}' then {{ amount }}
        else {{ amount }} * {{ rate_to_base }}
    end
{%- endmacro %}
