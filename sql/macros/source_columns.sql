{# A source table's columns, typed and cleaned: text is trimmed and blank is
   null; what cannot be cast is null, as is a column that the table lacks. #}
{% macro source_columns(source_name, table_name, columns) %}
{%- set relation = source(source_name, table_name) -%}
{%- set found = relation_columns(relation) if execute else [] -%}
select
    {% for name, type in columns -%}
    {%- set actual = namespace(column=none) -%}
    {%- for column in found if column.name | lower == name -%}
        {%- set actual.column = column -%}
    {%- endfor -%}
    {%- if execute and actual.column is none -%}
    cast(null as {{ type }}) as {{ adapter.quote(name) }}
    {%- else -%}
    {{ typed_column(actual.column, name, type) }} as {{ adapter.quote(name) }}
    {%- endif -%}
    {{ ',' if not loop.last }}
    {% endfor -%}
{%- if execute and not found %}
where false
{%- else %}
from {{ relation }}
{%- endif %}
{%- endmacro %}
