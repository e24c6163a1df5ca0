{{ config(materialized='table') }}

{%- set attributes = ['contact_name', 'contact_job_title', 'contact_phone'] %}
{%- set latest_first =
    'contacts.contact_updated_at desc nulls last, contacts.contact_id' %}

with contacts as (

    select * from {{ ref('int_contacts__deduplicated') }}

),

id_map as (

    select * from {{ ref('int_contact_id_map') }}

),

people as (

    select
        id_map.contact_pk,
        {% for column in attributes -%}
        (
            array_agg(contacts.{{ column }} order by {{ latest_first }})
            filter (where contacts.{{ column }} is not null)
        )[1] as {{ column }},
        {% endfor -%}
        min(contacts.contact_created_at) as contact_created_at,
        max(contacts.contact_updated_at) as contact_updated_at,
        bool_and(
            coalesce(
                contacts.is_marketable, {{ var('marketable_when_unknown') }}
            )
        ) as is_marketable,
        array_agg(contacts.contact_id order by contacts.contact_id)
            as all_contact_ids
    from contacts
    inner join id_map on contacts.contact_id = id_map.contact_id
    group by id_map.contact_pk

),

emails as (

    select
        contact_pk,
        array_agg(email order by email) as contact_emails
    from {{ ref('int_contact_emails') }}
    group by contact_pk

),

companies as (

    select
        contact_pk,
        array_agg(company_pk order by company_pk) as all_company_pks
    from {{ ref('int_contact_companies') }}
    group by contact_pk

),

final as (

    select
        people.contact_pk,
        people.contact_name,
        coalesce(emails.contact_emails, cast([] as varchar[]))
            as contact_emails,
        people.contact_job_title,
        people.contact_phone,
        people.contact_created_at,
        people.contact_updated_at,
        people.is_marketable,
        people.all_contact_ids,
        coalesce(companies.all_company_pks, cast([] as varchar[]))
            as all_company_pks
    from people
    left join emails on people.contact_pk = emails.contact_pk
    left join companies on people.contact_pk = companies.contact_pk

)

select
    contact_pk,
    contact_name,
    contact_emails,
    contact_job_title,
    contact_phone,
    contact_created_at,
    contact_updated_at,
    is_marketable,
    all_contact_ids,
    all_company_pks
from final
