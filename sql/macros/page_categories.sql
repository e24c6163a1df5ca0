{#-
    What the seed page_categories says, one entry per category and measure in
    the order of their first row, each with the column it becomes and its
    rules (match_on, pattern).
-#}
{% macro page_categories() %}
    {%- set seed = ref('page_categories') -%}
    {%- set categories = [] -%}
    {%- if execute -%}
        {%- set rows = run_query(
            'select category, measure, match_on, pattern from ' ~ seed
        ).rows -%}
        {%- for row in rows -%}
            {%- set column_name = row[0] ~ '_' ~ row[1] -%}
            {%- set known = categories
                | selectattr('column_name', 'equalto', column_name) | list -%}
            {%- set rule = {'match_on': row[2], 'pattern': row[3]} -%}
            {%- if known -%}
                {%- do known[0].rules.append(rule) -%}
            {%- else -%}
                {%- do categories.append({
                    'category': row[0],
                    'measure': row[1],
                    'column_name': column_name,
                    'rules': [rule],
                }) -%}
            {%- endif -%}
        {%- endfor -%}
    {%- endif -%}
    {{ return(categories) }}
{% endmacro %}
