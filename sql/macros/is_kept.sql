{# Whether none of the loader's deletion marks is set. #}
{% macro is_kept(deletion_marks) -%}
    not (
        {%- for mark in deletion_marks %}
        coalesce({{ mark }}, false){{ ' or' if not loop.last }}
        {%- endfor %}
    )
{%- endmacro %}
