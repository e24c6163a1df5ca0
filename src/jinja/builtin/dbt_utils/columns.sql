{#- What is made of a relation's columns. -#}

{% macro get_filtered_columns_in_relation(from, except=[]) -%}
    {{ return(adapter.dispatch('get_filtered_columns_in_relation', 'dbt_utils')(from, except)) }}
{%- endmacro %}

{% macro default__get_filtered_columns_in_relation(from, except=[]) -%}
    {%- set left_out = except | map('lower') | list -%}
    {%- set names = [] -%}
    {%- for column in adapter.get_columns_in_relation(from) if column.name | lower not in left_out -%}
        {%- do names.append(column.name) -%}
    {%- endfor -%}
    {{ return(names) }}
{%- endmacro %}

{% macro star(from, relation_alias=false, except=[], prefix='', suffix='', quote_identifiers=true) -%}
    {{ return(adapter.dispatch('star', 'dbt_utils')(from, relation_alias, except, prefix, suffix, quote_identifiers)) }}
{%- endmacro %}

{% macro default__star(from, relation_alias=false, except=[], prefix='', suffix='', quote_identifiers=true) -%}
    {%- if not execute -%}{{ return('*') }}{%- endif -%}
    {%- for name in dbt_utils.get_filtered_columns_in_relation(from, except) -%}
        {%- if relation_alias -%}{{ relation_alias }}.{%- endif -%}
        {{ adapter.quote(name) | trim if quote_identifiers else name | trim }}
        {%- if prefix != '' or suffix != '' %} as {{ adapter.quote(prefix ~ name ~ suffix) if quote_identifiers else prefix ~ name ~ suffix }}{%- endif -%}
        {{ ',\n  ' if not loop.last }}
    {%- else -%}
        /* no columns were returned from {{ from }} */ *
    {%- endfor -%}
{%- endmacro %}

{% macro pivot(
    column, values, alias=true, agg='sum', cmp='=', prefix='', suffix='', then_value=1, else_value=0,
    quote_identifiers=true, distinct=false
) -%}
    {{ return(adapter.dispatch('pivot', 'dbt_utils')(
        column, values, alias, agg, cmp, prefix, suffix, then_value, else_value, quote_identifiers, distinct
    )) }}
{%- endmacro %}

{% macro default__pivot(
    column, values, alias=true, agg='sum', cmp='=', prefix='', suffix='', then_value=1, else_value=0,
    quote_identifiers=true, distinct=false
) -%}
    {%- for value in values -%}
        {{ agg }}({{ 'distinct ' if distinct }}case when {{ column }} {{ cmp }} '{{ dbt.escape_single_quotes(value | string) }}' then {{ then_value }} else {{ else_value }} end)
        {%- if alias %} as {{ adapter.quote(prefix ~ value ~ suffix) if quote_identifiers else dbt_utils.slugify(prefix ~ value ~ suffix) }}{%- endif -%}
        {{ ',\n    ' if not loop.last }}
    {%- endfor -%}
{%- endmacro %}

{% macro unpivot(
    relation=none, cast_to='varchar', exclude=none, remove=none, field_name='field_name', value_name='value',
    quote_identifiers=false
) -%}
    {{ return(adapter.dispatch('unpivot', 'dbt_utils')(
        relation, cast_to, exclude, remove, field_name, value_name, quote_identifiers
    )) }}
{%- endmacro %}

{% macro default__unpivot(
    relation=none, cast_to='varchar', exclude=none, remove=none, field_name='field_name', value_name='value',
    quote_identifiers=false
) -%}
    {%- if relation is none -%}
        {{ exceptions.raise_compiler_error('`unpivot` needs the argument `relation`') }}
    {%- endif -%}
    {%- set kept = exclude or [] -%}
    {%- set passed_over = (kept + (remove or [])) | map('lower') | list -%}
    {%- set folded = [] -%}
    {%- for column in adapter.get_columns_in_relation(relation) if column.name | lower not in passed_over -%}
        {%- do folded.append(column) -%}
    {%- endfor -%}
    {%- for column in folded %}
    {%- set name = adapter.quote(column.name) if quote_identifiers else column.name %}
    select
        {%- for key in kept %}
        {{ adapter.quote(key) if quote_identifiers else key }},
        {%- endfor %}
        cast('{{ column.name }}' as {{ dbt.type_string() }}) as {{ adapter.quote(field_name) if quote_identifiers else field_name }},
        cast({{ dbt.cast_bool_to_text(name) if column.data_type == 'boolean' else name }} as {{ cast_to }}) as {{ adapter.quote(value_name) if quote_identifiers else value_name }}
    from {{ relation }}
    {{ 'union all' if not loop.last }}
    {%- endfor %}
{%- endmacro %}

{% macro nullcheck(cols) -%}
    {{ return(adapter.dispatch('nullcheck', 'dbt_utils')(cols)) }}
{%- endmacro %}

{% macro default__nullcheck(cols) -%}
    {%- for column in cols -%}
        {%- if column.is_string() -%}
            nullif({{ column.name }}, '') as {{ column.name }}
        {%- else -%}
            {{ column.name }}
        {%- endif -%}
        {{ ',\n' if not loop.last }}
    {%- endfor -%}
{%- endmacro %}

{% macro nullcheck_table(relation) -%}
    select {{ dbt_utils.nullcheck(adapter.get_columns_in_relation(relation)) }}
    from {{ relation }}
{%- endmacro %}

{% macro slugify(string) -%}
    {{ return(adapter.dispatch('slugify', 'dbt_utils')(string)) }}
{%- endmacro %}

{#- A text as an identifier: lower case, blanks and dashes as underscores, nothing else beside letters and digits. -#}
{% macro default__slugify(string) -%}
    {%- if not string -%}{{ return('') }}{%- endif -%}
    {%- set slug = modules.re.sub('[ -]+', '_', string | lower) -%}
    {%- set slug = modules.re.sub('[^a-z0-9_]+', '', slug) -%}
    {{ return(modules.re.sub('^([0-9])', '_\\1', slug)) }}
{%- endmacro %}
