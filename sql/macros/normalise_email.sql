{# An e-mail address as it is compared: trimmed, in lower case. #}
{% macro normalise_email(email) -%}
    lower({{ clean_text(email) }})
{%- endmacro %}
