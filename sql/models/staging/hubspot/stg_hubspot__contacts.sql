with source as (

    {{ source_columns('hubspot', 'contact', [
        ('id', 'varchar'),
        ('property_email', 'varchar'),
        ('property_hs_additional_emails', 'varchar'),
        ('property_firstname', 'varchar'),
        ('property_lastname', 'varchar'),
        ('property_associatedcompanyid', 'varchar'),
        ('property_jobtitle', 'varchar'),
        ('property_phone', 'varchar'),
        ('property_createdate', 'timestamp'),
        ('property_lastmodifieddate', 'timestamp'),
        ('property_hs_email_optout', 'boolean'),
        ('is_deleted', 'boolean'),
        ('_fivetran_deleted', 'boolean'),
    ]) }}

),

typed as (

    select
        *,
        -- an id in a numeric property may land as 123.0
        regexp_replace(property_associatedcompanyid, '\.0+$', '')
            as associated_company_id,
        coalesce(property_email, '')
        || ';'
        || coalesce(property_hs_additional_emails, '') as emails
    from source
    where {{ is_kept(['is_deleted', '_fivetran_deleted']) }}

)

select
    'hubspot-' || id as contact_id,
    {{ full_name('property_firstname', 'property_lastname') }} as contact_name,
    {{ clean_list("string_to_array(emails, ';')") }} as contact_emails,
    {{ clean_list('[associated_company_id]', 'hubspot-') }} as company_ids,
    property_jobtitle as contact_job_title,
    property_phone as contact_phone,
    property_createdate as contact_created_at,
    property_lastmodifieddate as contact_updated_at,
    not property_hs_email_optout as is_marketable
from typed
