{# Every member of the pairs in a relation, with the smallest member (by
   byte order) that pairs lead to from it. A pair whose second half is null
   names a member that stands alone. Yields (member, component). #}
{% macro connected_components(pairs, left, right) -%}
    {{ return(adapter.dispatch('connected_components')(pairs, left, right)) }}
{%- endmacro %}

{% macro default__connected_components(pairs, left, right) %}
with recursive edges as (

    select {{ left }} as member, {{ right }} as neighbour
    from {{ pairs }}
    where {{ right }} is not null and {{ left }} <> {{ right }}
    union
    select {{ right }} as member, {{ left }} as neighbour
    from {{ pairs }}
    where {{ right }} is not null and {{ left }} <> {{ right }}

),

reached as (

    select {{ left }} as member, {{ left }} as component
    from {{ pairs }}
    union
    select {{ right }} as member, {{ right }} as component
    from {{ pairs }}
    where {{ right }} is not null
    union
    select edges.neighbour as member, reached.component
    from reached
    inner join edges on edges.member = reached.member

)

select member, min(component) as component
from reached
group by member
{%- endmacro %}

{% macro datafusion__connected_components(pairs, left, right) %}
select found['member'] as member, found['component'] as component
from (
    select unnest(connected_components({{ left }}, {{ right }})) as found
    from {{ pairs }}
) as components
{%- endmacro %}
