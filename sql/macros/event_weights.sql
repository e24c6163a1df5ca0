{#-
    What the seed event_weights says, in the order in which it is to be read:
    the first pattern (match_on, pattern) that matches gives the weight.
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
                'match_on': 'event_type', 'pattern': row[0], 'weight': row[1]
            }) -%}
        {%- endfor -%}
    {%- endif -%}
    {{ return(weights) }}
{% endmacro %}
