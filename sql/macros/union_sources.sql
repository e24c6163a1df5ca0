{# The staged rows of an entity from every source that is on, each with the
   name of its source; without any source, no row of the same columns. #}
{% macro union_sources(entity) %}
{%- set columns = entity_columns(entity) -%}
{%- for source_name in entity_sources(entity) %}
select
    {% for column, type in columns -%}
    {{ column }},
    {% endfor -%}
    '{{ source_name }}' as entity_source
from {{ ref('stg_' ~ source_name ~ '__' ~ entity) }}
{%- if not loop.last %}
union all
{%- endif %}
{%- else %}
select
    {% for column, type in columns -%}
    cast(null as {{ type }}) as {{ column }},
    {% endfor -%}
    cast(null as varchar) as entity_source
where false
{%- endfor %}
{%- endmacro %}
