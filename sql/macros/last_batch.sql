{# Keeps the rows of the last batch that Stitch landed for each key. #}
{% macro last_batch(key) -%}
qualify
    _sdc_batched_at is not distinct from max(_sdc_batched_at) over (
        partition by {{ key }}
    )
{%- endmacro %}
