{# The sources that stage an entity and are on, in the order of
   `var('sources')`'s documentation. #}
{% macro entity_sources(entity) %}
    {%- set sources = {
        'companies': ['hubspot', 'harvest', 'xero', 'extract'],
        'contacts': ['hubspot', 'harvest', 'xero', 'extract'],
        'contact_merges': ['hubspot'],
        'opportunities': ['hubspot', 'extract'],
        'projects': ['harvest', 'extract'],
        'invoices': ['harvest', 'xero', 'extract'],
        'timesheets': ['harvest', 'extract'],
        'interactions': ['hubspot', 'extract'],
        'pageviews': ['segment', 'rudderstack', 'extract'],
        'identifies': ['segment', 'rudderstack'],
        'product_usage': ['extract'],
        'issues': ['jira', 'extract'],
    } -%}
    {%- set on = [] -%}
    {%- for source_name in sources[entity] if source_name in var('sources') -%}
        {%- do on.append(source_name) -%}
    {%- endfor -%}
    {{ return(on) }}
{% endmacro %}
