{# Whether a relation has been built; taken to be so while the project is only
   being read. #}
{% macro relation_is_there(relation) -%}
    {{ return(not execute or load_relation(relation) is not none) }}
{%- endmacro %}
