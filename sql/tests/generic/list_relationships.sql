{# The elements of a list column that no row of another relation has. #}
{% test list_relationships(model, column_name, to, field) %}
with elements as (

    select unnest({{ column_name }}) as element
    from {{ model }}

),

parents as (

    select {{ field }} as parent
    from {{ to }}

)

select elements.element
from elements
left join parents on elements.element = parents.parent
where
    elements.element is not null
    and parents.parent is null
{% endtest %}
