{# The characters that Unicode counts as white space: `characters` for
   `trim`, `class` for the inside of a bracket in a regular expression. #}
{% macro white_space(form='characters') -%}
    {%- if form == 'class' -%}
        \s\x0b\x85\p{Z}
    {%- else -%}
        {{- ' \t\n\u000b\f\r\u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000' -}}
    {%- endif -%}
{%- endmacro %}
