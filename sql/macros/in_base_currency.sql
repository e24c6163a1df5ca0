{# An amount in the base currency, exact: the base currency itself needs no
   rate, and without a rate any other amount is null. Both rates have one
   type, so that no engine rounds one to fit the other, and a wide one, so
   that the product has room for the digits of both its factors. #}
{% macro in_base_currency(amount, currency, rate_to_base) -%}
    {{ amount }}
    * case
        when {{ currency }} = {{ base_currency() }}
            then cast(1 as decimal(38,8))
        else cast({{ rate_to_base }} as decimal(38,8))
    end
{%- endmacro %}
