{#-
    Deals out the patterns of event_weights and page_categories to masks of at
    most 60 patterns over one column, so that each text is looked at once
    however many rules ask about it. Returns a list of
    {name, match_on, patterns}; mask_condition reads it.
-#}
{% macro pattern_masks(weights, categories) %}
    {%- set rules = [] -%}
    {%- for entry in weights + categories -%}
        {%- for rule in entry.rules -%}
            {%- do rules.append(rule) -%}
        {%- endfor -%}
    {%- endfor -%}
    {%- set masks = [] -%}
    {%- for rule in rules -%}
        {%- set on_column = masks
            | selectattr('match_on', 'equalto', rule.match_on) | list -%}
        {%- set known = [] -%}
        {%- for mask in on_column -%}
            {%- if rule.pattern in mask.patterns -%}
                {%- do known.append(mask) -%}
            {%- endif -%}
        {%- endfor -%}
        {%- if known -%}
        {%- elif on_column and on_column[-1].patterns | length < 60 -%}
            {%- do on_column[-1].patterns.append(rule.pattern) -%}
        {%- else -%}
            {%- do masks.append({
                'name': rule.match_on ~ '_mask_' ~ (on_column | length + 1),
                'match_on': rule.match_on,
                'patterns': [rule.pattern],
            }) -%}
        {%- endif -%}
    {%- endfor -%}
    {{ return(masks) }}
{% endmacro %}
