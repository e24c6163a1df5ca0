{# One row for each key of an entity: the last updated one (null is first of
   all), and among equals the greatest by its columns in their order (null
   first). Rows without a key are left out. #}
{% macro latest_version(relation, entity, updated_at=none) %}
{%- set columns = entity_columns(entity) -%}
{%- set key = columns[0][0] -%}
select
    {% for column, type in columns -%}
    {{ column }},
    {% endfor -%}
    entity_source
from {{ relation }}
where {{ key }} is not null
qualify row_number() over (
    partition by {{ key }}
    order by
        {% if updated_at -%}
        {{ updated_at }} desc nulls last,
        {% endif -%}
        {% for column, type in columns -%}
        {{ column }} desc nulls last{{ ',' if not loop.last }}
        {% endfor -%}
) = 1
{%- endmacro %}
