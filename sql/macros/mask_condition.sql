{#- True when any of some rules matches, by the masks of pattern_masks. -#}
{% macro mask_condition(rules, masks) -%}
    {%- set parts = [] -%}
    {%- for mask in masks -%}
        {%- set wanted = rules
            | selectattr('match_on', 'equalto', mask.match_on)
            | map(attribute='pattern') | list -%}
        {%- set bits = [] -%}
        {%- for pattern in mask.patterns if pattern in wanted -%}
            {%- do bits.append(2 ** mask.patterns.index(pattern)) -%}
        {%- endfor -%}
        {%- if bits -%}
            {%- do parts.append('(' ~ mask.name ~ ' & ' ~ bits | sum ~ ')') -%}
        {%- endif -%}
    {%- endfor -%}
    ({{ parts | join(' | ') }}) <> 0
{%- endmacro %}
