{#-
    What the seed event_weights says, each weight with its rules (match_on,
    pattern), in the order in which they are tried.
-#}
{% macro event_weights() %}
    {%- set seed = ref('event_weights') -%}
    {%- set weights = [] -%}
    {%- if execute -%}
        {%- set rows = run_query(
            'select event_type_pattern, weight from ' ~ seed
            ~ ' order by position'
        ).rows -%}
        {%- for row in rows -%}
            {%- do weights.append({
                'weight': row[1],
                'rules': [{'match_on': 'event_type', 'pattern': row[0]}],
            }) -%}
        {%- endfor -%}
    {%- endif -%}
    {{ return(weights) }}
{% endmacro %}
