{# Whether any source that is on provides an entity. A vendor always does; a
   plain extract does when its file is there. #}
{% macro entity_is_on(entity) -%}
    {%- set on = namespace(found=false) -%}
    {%- for source_name in entity_sources(entity) -%}
        {%- if source_name != 'extract'
            or source_is_there('extract', entity) -%}
            {%- set on.found = true -%}
        {%- endif -%}
    {%- endfor -%}
    {{ return(on.found) }}
{%- endmacro %}
