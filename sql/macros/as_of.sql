{# The instant the build is for: what happens later is left out. Nothing in
   this project reads the clock any other way. #}
{% macro as_of() -%}
    {%- set given = var('as_of', none) -%}
    {%- if given -%}
        cast('{{ given }}' as timestamp)
    {%- else -%}
        {%- set started = run_started_at.strftime('%Y-%m-%d %H:%M:%S.%f') -%}
        cast('{{ started }}' as timestamp)
    {%- endif -%}
{%- endmacro %}
