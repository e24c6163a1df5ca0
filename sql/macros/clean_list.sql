{# A list of texts, each trimmed, without the blank ones; null is the empty
   list. With a prefix, every element gets it. The list is cleaned as one
   text, its elements parted by the unit separator: neither engine need know
   the other's way to map over a list. #}
{% macro clean_list(list, prefix='') -%}
    {%- set blank = white_space('class') -%}
    {%- set trimmed -%}
        nullif(
            trim(
                both '{{ white_space() }}' || chr(31) from regexp_replace(
                    array_to_string({{ list }}, chr(31)),
                    '[{{ blank }}]*\x1f[{{ blank }}\x1f]*',
                    chr(31),
                    'g'
                )
            ),
            ''
        )
    {%- endset -%}
    {%- set prefixed -%}
        '{{ prefix }}'
        || replace({{ trimmed }}, chr(31), chr(31) || '{{ prefix }}')
    {%- endset -%}
    coalesce(
        string_to_array({{ prefixed if prefix else trimmed }}, chr(31)),
        cast([] as varchar[])
    )
{%- endmacro %}
