{{ config(materialized='table') }}

with latest_issues as (

    {{ latest_version(ref('int_issues__unioned'), 'issues') }}

),

issues as (

    select
        *,
        {{ normalise_company_name('company_id') }} as normalised_name
    from latest_issues
    where issue_created_at <= {{ as_of() }}

),

company_id_map as (

    select * from {{ ref('int_company_id_map') }}

),

company_names as (

    select * from {{ ref('int_company_names') }}

),

contact_id_map as (

    select * from {{ ref('int_contact_id_map') }}

),

contact_emails as (

    select * from {{ ref('int_contact_emails') }}

)

select
    issues.issue_id,
    issues.issue_key,
    coalesce(company_id_map.company_pk, company_names.company_pk)
        as company_pk,
    coalesce(contact_id_map.contact_pk, contact_emails.contact_pk)
        as contact_pk,
    issues.issue_type,
    issues.issue_status,
    issues.issue_summary,
    issues.issue_created_at,
    case
        when issues.issue_resolved_at <= {{ as_of() }}
            then issues.issue_resolved_at
    end as issue_resolved_at,
    issues.entity_source
from issues
left join company_id_map on issues.company_id = company_id_map.company_id
left join company_names
    on issues.normalised_name = company_names.normalised_name
left join contact_id_map on issues.contact_id = contact_id_map.contact_id
left join contact_emails on issues.contact_id = contact_emails.email
