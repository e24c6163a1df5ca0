{# The rows beyond the first for each value of a key: those that are dropped
   because another version of them stays. #}
{% test no_surplus_rows(model, column_name) %}
select {{ column_name }}
from {{ model }}
where {{ column_name }} is not null
qualify row_number() over (
    partition by {{ column_name }} order by {{ column_name }}
) > 1
{% endtest %}
