{#- Whole relations: united, deduplicated, looked for; and what queries give. -#}

{% macro union_relations(
    relations, column_override=none, include=[], exclude=[], source_column_name='_dbt_source_relation', where=none
) -%}
    {{ return(adapter.dispatch('union_relations', 'dbt_utils')(
        relations, column_override, include, exclude, source_column_name, where
    )) }}
{%- endmacro %}

{% macro default__union_relations(
    relations, column_override=none, include=[], exclude=[], source_column_name='_dbt_source_relation', where=none
) -%}
    {%- if exclude and include -%}
        {{ exceptions.raise_compiler_error('`union_relations` takes `include` or `exclude`, not both') }}
    {%- endif -%}
    {%- if not execute -%}{{ return('') }}{%- endif -%}
    {%- set column_override = column_override or {} -%}
    {%- set wanted = include | map('lower') | list -%}
    {%- set unwanted = exclude | map('lower') | list -%}
    {%- set own = {} -%}
    {%- set all_columns = {} -%}
    {%- for relation in relations -%}
        {%- set names = [] -%}
        {%- for column in adapter.get_columns_in_relation(relation) -%}
            {%- set name = column.name | lower -%}
            {%- if name not in unwanted and (not wanted or name in wanted) -%}
                {%- do names.append(column.name) -%}
                {%- if column.name not in all_columns or (all_columns[column.name].is_string() and not column.is_string()) -%}
                    {%- do all_columns.update({column.name: column}) -%}
                {%- endif -%}
            {%- endif -%}
        {%- endfor -%}
        {%- do own.update({relation | string: names}) -%}
    {%- endfor -%}
    {%- if not all_columns -%}
        {{ exceptions.raise_compiler_error('`union_relations` finds no column to unite in ' ~ relations | join(', ')) }}
    {%- endif -%}
    {%- for relation in relations %}
    (
        select
            {%- if source_column_name is not none %}
            cast({{ dbt.string_literal(relation) }} as {{ dbt.type_string() }}) as {{ source_column_name }},
            {%- endif %}
            {%- for name, column in all_columns.items() %}
            {%- set type = column_override.get(name, column.data_type) %}
            cast({{ adapter.quote(name) if name in own[relation | string] else 'null' }} as {{ type }}) as {{ adapter.quote(name) }}{{ ',' if not loop.last }}
            {%- endfor %}
        from {{ relation }}
        {%- if where %}
        where {{ where }}
        {%- endif %}
    )
    {{ 'union all' if not loop.last }}
    {%- endfor %}
{%- endmacro %}

{% macro deduplicate(relation, partition_by, order_by) -%}
    {{ return(adapter.dispatch('deduplicate', 'dbt_utils')(relation, partition_by, order_by)) }}
{%- endmacro %}

{% macro default__deduplicate(relation, partition_by, order_by) -%}
    select *
    from {{ relation }}
    qualify row_number() over (partition by {{ partition_by }} order by {{ order_by }}) = 1
{%- endmacro %}

{% macro get_column_values(table, column, order_by='count(*) desc', max_records=none, default=none, where=none) -%}
    {{ return(adapter.dispatch('get_column_values', 'dbt_utils')(table, column, order_by, max_records, default, where)) }}
{%- endmacro %}

{% macro default__get_column_values(table, column, order_by='count(*) desc', max_records=none, default=none, where=none) -%}
    {%- set fallback = default if default is not none else [] -%}
    {%- if not execute -%}{{ return(fallback) }}{%- endif -%}
    {%- set there = load_relation(table) if table is not string else table -%}
    {%- if there is none and default is none -%}
        {{ exceptions.raise_compiler_error('`get_column_values` reads ' ~ table ~ ', which is not there') }}
    {%- elif there is none -%}
        {{ return(default) }}
    {%- endif -%}
    {%- set found = run_query(
        'select ' ~ column ~ ' as value from ' ~ table
        ~ (' where ' ~ where if where else '')
        ~ ' group by ' ~ column ~ ' order by ' ~ order_by
        ~ (' limit ' ~ max_records if max_records is not none else '')
    ) -%}
    {{ return(found.columns[0].values() or fallback) }}
{%- endmacro %}

{% macro get_query_results_as_dict(query) -%}
    {{ return(adapter.dispatch('get_query_results_as_dict', 'dbt_utils')(query)) }}
{%- endmacro %}

{% macro default__get_query_results_as_dict(query) -%}
    {%- set found = {} -%}
    {%- if execute -%}
        {%- for column in run_query(query).columns -%}
            {%- do found.update({column.name: column.values()}) -%}
        {%- endfor -%}
    {%- endif -%}
    {{ return(found) }}
{%- endmacro %}

{% macro get_single_value(query, default=none) -%}
    {{ return(adapter.dispatch('get_single_value', 'dbt_utils')(query, default)) }}
{%- endmacro %}

{% macro default__get_single_value(query, default=none) -%}
    {%- if not execute -%}{{ return(default) }}{%- endif -%}
    {%- set found = run_query(query) -%}
    {{ return(found.rows[0][0] if found | length > 0 and found.rows[0][0] is not none else default) }}
{%- endmacro %}

{#- The patterns are SQL's: `%` stands for any text. -#}
{% macro get_relations_by_pattern(schema_pattern, table_pattern, exclude='', database=target.database) -%}
    {{ return(adapter.dispatch('get_relations_by_pattern', 'dbt_utils')(schema_pattern, table_pattern, exclude, database)) }}
{%- endmacro %}

{% macro default__get_relations_by_pattern(schema_pattern, table_pattern, exclude='', database=target.database) -%}
    {%- set schema_regex = '(?i)^' ~ modules.re.escape(schema_pattern) | replace('%', '.*') ~ '$' -%}
    {%- set table_regex = '(?i)^' ~ modules.re.escape(table_pattern) | replace('%', '.*') ~ '$' -%}
    {%- set exclude_regex = '(?i)^' ~ modules.re.escape(exclude) | replace('%', '.*') ~ '$' -%}
    {%- set found = [] -%}
    {%- for schema in adapter.list_schemas(database) if modules.re.match(schema_regex, schema) -%}
        {%- for relation in adapter.list_relations_without_caching(schema)
            if modules.re.match(table_regex, relation.identifier)
            and not modules.re.match(exclude_regex, relation.identifier) -%}
            {%- do found.append(relation) -%}
        {%- endfor -%}
    {%- endfor -%}
    {{ return(found) }}
{%- endmacro %}

{% macro get_relations_by_prefix(schema, prefix, exclude='', database=target.database) -%}
    {{ return(dbt_utils.get_relations_by_pattern(schema, prefix ~ '%', exclude, database)) }}
{%- endmacro %}
