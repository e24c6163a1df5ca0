{# Warns of the texts that are not of the type that staging casts them to, and
   so count as null: one row for each. `columns` maps
   names to types; a column that the table lacks is passed over. #}
{% test values_cast(model, columns) %}
{{ config(severity='warn') }}
{%- set checks = [] -%}
{%- for column in (relation_columns(model) if execute else [])
    if column.is_string() and columns[column.name | lower] -%}
    {%- do checks.append({
        'column': column,
        'type': columns[column.name | lower],
    }) -%}
{%- endfor -%}
{%- for check in checks %}
{%- set quoted = adapter.quote(check.column.name) %}
{%- set raw = clean_text('cast(' ~ quoted ~ ' as varchar)') %}
select
    '{{ check.column.name }}' as column_name,
    {{ raw }} as raw_value
from {{ model }}
where
    {{ raw }} is not null
    and {{ typed_column(check.column, check.column.name, check.type) }} is null
{%- if not loop.last %}
union all
{%- endif %}
{%- else %}
select
    cast(null as varchar) as column_name,
    cast(null as varchar) as raw_value
where false
{%- endfor %}
{% endtest %}
