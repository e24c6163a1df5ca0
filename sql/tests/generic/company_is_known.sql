{# References to a company, by staged id or by name, that lead to none. #}
{% test company_is_known(model, column_name) %}
with references_to_check as (

    select
        {{ column_name }} as company,
        {{ normalise_company_name(column_name) }} as normalised_name
    from {{ model }}
    where {{ column_name }} is not null

)

select references_to_check.company
from references_to_check
left join {{ ref('int_company_id_map') }} as company_id_map
    on references_to_check.company = company_id_map.company_id
left join {{ ref('int_company_names') }} as company_names
    on references_to_check.normalised_name = company_names.normalised_name
where
    company_id_map.company_id is null
    and company_names.normalised_name is null
{% endtest %}
