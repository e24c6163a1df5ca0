{#-
    Aggregate: the value of the latest row, among rows of one instant that of
    the greatest tie_break. The value must not be null.
-#}
{% macro latest_value(value, ts, tie_break) -%}
    {{ return(adapter.dispatch('latest_value')(value, ts, tie_break)) }}
{%- endmacro %}

{% macro default__latest_value(value, ts, tie_break) -%}
    arg_max({{ value }}, row({{ ts }}, {{ tie_break }}))
{%- endmacro %}

{% macro datafusion__latest_value(value, ts, tie_break) -%}
    arg_max({{ value }}, struct({{ ts }}, {{ tie_break }}))
{%- endmacro %}
