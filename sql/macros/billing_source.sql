{# The one source whose invoices count, so that none counts twice. #}
{% macro billing_source() -%}
    {%- set chosen = var('invoice_source', none) -%}
    {%- set candidates = entity_sources('invoices') + [''] -%}
    {{ return(chosen if chosen else candidates[0]) }}
{%- endmacro %}
