{#- The instant a number of days before the instant that the build is for. -#}
{% macro days_before_as_of(days) -%}
    {{ as_of() }} - interval '{{ days | int }} days'
{%- endmacro %}
