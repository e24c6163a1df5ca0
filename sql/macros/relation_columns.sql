{# The columns of a relation; none for an optional file that is not there. #}
{% macro relation_columns(relation) -%}
    {{ return(adapter.dispatch('relation_columns')(relation)) }}
{%- endmacro %}

{% macro default__relation_columns(relation) -%}
    {{ return(adapter.get_columns_in_relation(relation)) }}
{%- endmacro %}

{# dbt-duckdb knows the columns of its catalogue, not those of a file. #}
{% macro duckdb__relation_columns(relation) -%}
    {%- if not relation.external -%}
        {{ return(adapter.get_columns_in_relation(relation)) }}
    {%- endif -%}
    {%- set files = run_query(
        'select count(*) as files from glob(' ~ relation.external ~ ')'
    ) -%}
    {%- if files.rows[0][0] == 0 -%}
        {%- for table in graph.sources.values()
            if table.source_name == relation.schema
            and table.identifier == relation.identifier
            and not table.config.meta.optional -%}
            {{ exceptions.raise_compiler_error(
                'nothing is at ' ~ relation.external ~ ', where `'
                ~ table.source_name ~ '.' ~ table.name ~ '` should be'
            ) }}
        {%- endfor -%}
        {{ return([]) }}
    {%- endif -%}
    {%- set columns = [] -%}
    {%- for row in run_query('describe select * from ' ~ relation).rows -%}
        {%- do columns.append(api.Column(row[0], row[1])) -%}
    {%- endfor -%}
    {{ return(columns) }}
{%- endmacro %}
