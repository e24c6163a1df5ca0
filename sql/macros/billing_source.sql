{# The one source whose invoices count, so that none counts twice. #}
{% macro billing_source() -%}
    {%- set chosen = var('invoice_source', none) -%}
    {{ return(chosen if chosen else (entity_sources('invoices') + ['']) | first) }}
{%- endmacro %}
