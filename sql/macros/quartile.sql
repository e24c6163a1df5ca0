{#-
    The quartile of a measure among the rows where it is positive: 0 where it
    is not, else ceil(4 * k / n) with n such rows of which k measure at most
    as much, so that equal rows score equally.
-#}
{% macro quartile(measure) -%}
    case
        when {{ measure }} > 0
            then cast(
                ceil(
                    cast(
                        4 * count(*) over (
                            partition by {{ measure }} > 0
                            order by {{ measure }}
                            range between
                                unbounded preceding and current row
                        ) as double
                    ) / count(*) over (partition by {{ measure }} > 0)
                ) as bigint
            )
        else 0
    end
{%- endmacro %}
