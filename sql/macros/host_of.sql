{# The host in a web address, in lower case, without `www.`. #}
{% macro host_of(url) -%}
    nullif(
        regexp_replace(
            regexp_replace(
                lower({{ url }}), '^([a-z][a-z0-9+.-]*:)?//', ''
            ),
            '^(www\.)?([^/?#:]*).*$', '\2'
        ),
        ''
    )
{%- endmacro %}
