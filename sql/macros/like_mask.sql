{#-
    A number whose bit i is set when the text matches pattern i, the first
    being 0: a case-insensitive LIKE in which a backslash takes the special
    meaning from the % or _ that follows. Null text matches nothing.
-#}
{% macro like_mask(text, patterns) -%}
    {{ return(adapter.dispatch('like_mask')(text, patterns)) }}
{%- endmacro %}

{% macro default__like_mask(text, patterns) -%}
    (
        {%- for pattern in patterns %}
        case
            when {{ text }} ilike {{ text_literal(pattern) }} escape '\'
                then {{ 2 ** loop.index0 }} else 0
        end {{ '|' if not loop.last }}
        {%- endfor %}
    )
{%- endmacro %}

{% macro datafusion__like_mask(text, patterns) -%}
    like_mask(
        {{ text }}, [
            {%- for pattern in patterns %}
            {{ text_literal(pattern) }}{{ ',' if not loop.last }}
            {%- endfor %}
        ]
    )
{%- endmacro %}
