{# A company's name as it is compared: in lower case, without anything but
   letters, digits and single spaces, and without the legal forms at its end.
   Null when nothing is left. A final sigma is a sigma. #}
{% macro normalise_company_name(name) -%}
    {%- set blank = white_space('class') -%}
    {%- set words -%}
        trim(
            regexp_replace(
                regexp_replace(
                    replace(lower({{ name }}), 'ς', 'σ'),
                    '[^\p{L}\p{Nd}{{ blank }}]', '', 'g'
                ),
                '[{{ blank }}]+', ' ', 'g'
            )
        )
    {%- endset -%}
    nullif(
        trim(
            regexp_replace(
                ' ' || {{ words }},
                '( (ltd|limited|llc|inc|plc|gmbh|corp|co))+$', ''
            )
        ),
        ''
    )
{%- endmacro %}
