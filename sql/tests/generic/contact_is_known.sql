{# References to a contact, by staged id or by e-mail address, that lead to
   nobody. #}
{% test contact_is_known(model, column_name) %}
select rows_to_check.{{ column_name }}
from {{ model }} as rows_to_check
left join {{ ref('int_contact_id_map') }} as contact_id_map
    on rows_to_check.{{ column_name }} = contact_id_map.contact_id
left join {{ ref('int_contact_emails') }} as contact_emails
    on rows_to_check.{{ column_name }} = contact_emails.email
where
    rows_to_check.{{ column_name }} is not null
    and contact_id_map.contact_id is null
    and contact_emails.email is null
{% endtest %}
