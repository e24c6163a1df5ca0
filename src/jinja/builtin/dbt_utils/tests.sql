{#- Generic tests: rows that are given are faults. -#}

{% macro listed(columns, before='', after='') -%}
    {%- if columns -%}{{ before }}{{ columns | join(', ') }}{{ after }}{%- endif -%}
{%- endmacro %}

{% test at_least_one(model, column_name, group_by_columns=[]) -%}
select
    {{ listed(group_by_columns, after=',') }}
    count({{ column_name }}) as filled
from {{ model }}
{{ listed(group_by_columns, 'group by ') }}
having count({{ column_name }}) = 0
{%- endtest %}

{% test accepted_range(model, column_name, min_value=none, max_value=none, inclusive=true) -%}
{%- if min_value is none and max_value is none -%}
    {{ exceptions.raise_compiler_error('`accepted_range` needs `min_value` or `max_value`') }}
{%- endif -%}
select *
from {{ model }}
where not (
    true
    {%- if min_value is not none %}
    and {{ column_name }} >{{ '=' if inclusive }} {{ min_value }}
    {%- endif %}
    {%- if max_value is not none %}
    and {{ column_name }} <{{ '=' if inclusive }} {{ max_value }}
    {%- endif %}
)
{%- endtest %}

{% test expression_is_true(model, expression, column_name=none) -%}
select {{ '*' if should_store_failures() or column_name is none else column_name }}
from {{ model }}
where not ({{ column_name ~ ' ' if column_name is not none }}{{ expression }})
{%- endtest %}

{% test unique_combination_of_columns(model, combination_of_columns, quote_columns=false) -%}
{%- set columns = [] -%}
{%- for column in combination_of_columns -%}
    {%- do columns.append(adapter.quote(column) if quote_columns else column) -%}
{%- endfor -%}
select
    {{ columns | join(', ') }},
    count(*) as n_records
from {{ model }}
group by {{ columns | join(', ') }}
having count(*) > 1
{%- endtest %}

{% test not_null_proportion(model, column_name, at_least, at_most=1.0, group_by_columns=[]) -%}
select *
from (
    select
        {{ listed(group_by_columns, after=',') }}
        sum(case when {{ column_name }} is null then 0 else 1 end) / cast(count(*) as double) as not_null_proportion
    from {{ model }}
    {{ listed(group_by_columns, 'group by ') }}
) as proportions
where not_null_proportion < {{ at_least }} or not_null_proportion > {{ at_most }}
{%- endtest %}

{% macro compared_counts(model, compare_model, group_by_columns) -%}
select
    {%- for column in group_by_columns %}
    coalesce(own.{{ column }}, other.{{ column }}) as {{ column }},
    {%- endfor %}
    coalesce(own.n_rows, 0) as count_a,
    coalesce(other.n_rows, 0) as count_b
from (
    select {{ listed(group_by_columns, after=',') }} 1 as joined, count(*) as n_rows
    from {{ model }}
    {{ listed(group_by_columns, 'group by ') }}
) as own
full outer join (
    select {{ listed(group_by_columns, after=',') }} 1 as joined, count(*) as n_rows
    from {{ compare_model }}
    {{ listed(group_by_columns, 'group by ') }}
) as other
    on own.joined = other.joined
    {%- for column in group_by_columns %} and own.{{ column }} = other.{{ column }}{% endfor %}
{%- endmacro %}

{% test equal_rowcount(model, compare_model, group_by_columns=[]) -%}
select *, abs(count_a - count_b) as diff_count
from (
{{ compared_counts(model, compare_model, group_by_columns) }}
) as counts
where count_a <> count_b
{%- endtest %}

{% test fewer_rows_than(model, compare_model, group_by_columns=[]) -%}
select *
from (
{{ compared_counts(model, compare_model, group_by_columns) }}
) as counts
where count_a >= count_b
{%- endtest %}

{% test recency(model, field, datepart, interval, ignore_time_component=false, group_by_columns=[]) -%}
{%- set type = 'date' if ignore_time_component else dbt.type_timestamp() -%}
select *
from (
    select
        {{ listed(group_by_columns, after=',') }}
        max(cast({{ field }} as {{ type }})) as most_recent
    from {{ model }}
    {{ listed(group_by_columns, 'group by ') }}
) as latest
where most_recent is null
    or most_recent < cast({{ dbt.dateadd(datepart, interval * -1, dbt.current_timestamp()) }} as {{ type }})
{%- endtest %}

{% test cardinality_equality(model, column_name, to, field) -%}
with own as (
    select {{ column_name }} as value, count(*) as num_rows
    from {{ model }}
    group by {{ column_name }}
),

other as (
    select {{ field }} as value, count(*) as num_rows
    from {{ to }}
    group by {{ field }}
)

select coalesce(own.value, other.value) as value, own.num_rows as own_rows, other.num_rows as other_rows
from own
full outer join other
    on own.value = other.value
where own.num_rows is distinct from other.num_rows
{%- endtest %}

{% test relationships_where(model, column_name, to, field, from_condition='1=1', to_condition='1=1') -%}
select left_table.id as from_field
from (
    select {{ column_name }} as id
    from {{ model }}
    where {{ column_name }} is not null and {{ from_condition }}
) as left_table
left join (
    select {{ field }} as id
    from {{ to }}
    where {{ field }} is not null and {{ to_condition }}
) as right_table
    on left_table.id = right_table.id
where right_table.id is null
{%- endtest %}

{% test sequential_values(model, column_name, interval=1, datepart=none, group_by_columns=[]) -%}
select *
from (
    select
        {{ listed(group_by_columns, after=',') }}
        {{ column_name }},
        lag({{ column_name }}) over (
            {{ listed(group_by_columns, 'partition by ') }}
            order by {{ column_name }}
        ) as previous_{{ column_name }}
    from {{ model }}
) as windowed
{%- if datepart %}
where cast({{ column_name }} as {{ dbt.type_timestamp() }})
    <> cast({{ dbt.dateadd(datepart, interval, 'previous_' ~ column_name) }} as {{ dbt.type_timestamp() }})
{%- else %}
where {{ column_name }} <> previous_{{ column_name }} + {{ interval }}
{%- endif %}
{%- endtest %}

{% test not_constant(model, column_name, group_by_columns=[]) -%}
select
    {{ listed(group_by_columns, after=',') }}
    count(distinct {{ column_name }}) as n_values
from {{ model }}
{{ listed(group_by_columns, 'group by ') }}
having count(distinct {{ column_name }}) = 1
{%- endtest %}

{% test not_empty_string(model, column_name, trim_whitespace=true) -%}
select *
from {{ model }}
where {{ 'trim(' ~ column_name ~ ')' if trim_whitespace else column_name }} = ''
{%- endtest %}

{% test not_accepted_values(model, column_name, values, quote=true) -%}
select {{ column_name }} as value_field
from {{ model }}
where {{ column_name }} in (
    {%- for value in values %}
    {{ "'" ~ (value | string | replace("'", "''")) ~ "'" if quote else value }}{{ ',' if not loop.last }}
    {%- endfor %}
)
group by {{ column_name }}
{%- endtest %}

{% test mutually_exclusive_ranges(
    model, lower_bound_column, upper_bound_column, partition_by=none, gaps='allowed', zero_length_range_allowed=false
) -%}
{%- set gap_operators = {'not_allowed': '=', 'allowed': '<=', 'required': '<'} -%}
{%- if gaps not in gap_operators -%}
    {{ exceptions.raise_compiler_error('`gaps` is `allowed`, `not_allowed` or `required`, not `' ~ gaps ~ '`') }}
{%- endif -%}
select *
from (
    select
        {{ partition_by ~ ' as partition_by_col,' if partition_by }}
        {{ lower_bound_column }} as lower_bound,
        {{ upper_bound_column }} as upper_bound,
        lead({{ lower_bound_column }}) over (
            {{ 'partition by ' ~ partition_by if partition_by }}
            order by {{ lower_bound_column }}, {{ upper_bound_column }}
        ) as next_lower_bound
    from {{ model }}
) as ranges
where not coalesce(lower_bound <{{ '=' if zero_length_range_allowed }} upper_bound, false)
    or not coalesce(upper_bound {{ gap_operators[gaps] }} next_lower_bound, next_lower_bound is null)
{%- endtest %}

{% test equality(model, compare_model, compare_columns=none, exclude_columns=none, precision=none) -%}
{%- set columns = compare_columns or dbt_utils.get_filtered_columns_in_relation(model, exclude_columns or []) -%}
{%- set compared = [] -%}
{%- for column in columns -%}
    {%- do compared.append('round(' ~ column ~ ', ' ~ precision ~ ') as ' ~ column if precision is not none else column) -%}
{%- endfor -%}
{%- set listed_columns = compared | join(', ') or '*' -%}
(
    select 'a_minus_b' as which_diff, a_minus_b.*
    from (
        select {{ listed_columns }} from {{ model }}
        {{ dbt.except() }}
        select {{ listed_columns }} from {{ compare_model }}
    ) as a_minus_b
)
union all
(
    select 'b_minus_a' as which_diff, b_minus_a.*
    from (
        select {{ listed_columns }} from {{ compare_model }}
        {{ dbt.except() }}
        select {{ listed_columns }} from {{ model }}
    ) as b_minus_a
)
{%- endtest %}
