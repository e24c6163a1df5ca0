{# The rate that takes an amount in a currency to the base currency: one for
   the base currency itself, null where no rate is known. Both halves have
   one type, so that no engine rounds one to fit the other, and a wide one, so
   that a product has room for the digits of both its factors. #}
{% macro rate_or_one(currency, rate_to_base) -%}
    case
        when {{ currency }} = {{ base_currency() }} then cast(1 as decimal(38,8))
        else cast({{ rate_to_base }} as decimal(38,8))
    end
{%- endmacro %}
