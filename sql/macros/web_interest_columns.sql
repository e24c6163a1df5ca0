{#-
    The columns of contact_web_interests_xa after contact_pk, in order:
    {name, is_number}.
-#}
{% macro web_interest_columns() %}
    {%- set columns = [] -%}
    {%- set categories = page_categories() -%}
    {%- for measure in ['interest', 'views'] -%}
        {%- for category in categories
            | selectattr('measure', 'equalto', measure) -%}
            {%- do columns.append(
                {'name': category.column_name, 'is_number': true}
            ) -%}
        {%- endfor -%}
    {%- endfor -%}
    {%- do columns.append({'name': 'total_interest', 'is_number': true}) -%}
    {%- do columns.append({'name': 'top_interest', 'is_number': false}) -%}
    {%- for name in ['page_views', 'email_visits', 'visits_l90_days'] -%}
        {%- do columns.append({'name': name, 'is_number': true}) -%}
    {%- endfor -%}
    {%- for name in ['first_visit_ts', 'last_visit_ts', 'last_page_title'] -%}
        {%- do columns.append({'name': name, 'is_number': false}) -%}
    {%- endfor -%}
    {{ return(columns) }}
{% endmacro %}
