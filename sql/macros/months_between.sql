{#- Calendar months from the month of one instant to the month of another. -#}
{% macro months_between(start_ts, end_ts) -%}
    cast(
        (date_part('year', {{ end_ts }}) - date_part('year', {{ start_ts }}))
        * 12
        + date_part('month', {{ end_ts }}) - date_part('month', {{ start_ts }})
        as bigint
    )
{%- endmacro %}
