{# Amounts that have no value in the base currency, for want of an exchange
   rate on or before their day. #}
{% test has_rate(model, column_name, amount) %}
select *
from {{ model }}
where
    {{ amount }} is not null
    and {{ column_name }} is null
{% endtest %}
