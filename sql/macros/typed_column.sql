{# A raw column as a type: text cleaned, anything else null where it cannot
   be cast. `column` is what the relation says of it, none when unknown. #}
{% macro typed_column(column, name, type) -%}
    {%- set quoted = adapter.quote(column.name if column else name) -%}
    {%- if type == 'varchar' -%}
        {{ clean_text('cast(' ~ quoted ~ ' as varchar)') }}
    {%- elif type == 'varchar[]' -%}
        try_cast({{ quoted }} as varchar[])
    {%- elif type == 'timestamp' and column and column.is_string() -%}
        {{ parse_timestamp(quoted) }}
    {%- else -%}
        try_cast({{ quoted }} as {{ type }})
    {%- endif -%}
{%- endmacro %}
