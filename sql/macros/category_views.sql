{#-
    Views over some categories of the seed page_categories; those that the
    seed does not have count as never viewed.
-#}
{% macro category_views(categories) -%}
    {%- set terms = [] -%}
    {%- for column in web_interest_columns() -%}
        {%- for category in categories if column.name == category ~ '_views' -%}
            {%- do terms.append('coalesce(' ~ column.name ~ ', 0)') -%}
        {%- endfor -%}
    {%- endfor -%}
    {{ (terms or ['0']) | join(' + ') }}
{%- endmacro %}
