with source as (

    {{ source_columns('xero', 'contact', [
        ('contact_id', 'varchar'),
        ('first_name', 'varchar'),
        ('last_name', 'varchar'),
        ('email_address', 'varchar'),
        ('updated_date_utc', 'timestamp'),
        ('_fivetran_deleted', 'boolean'),
    ]) }}

)

select
    'xero-' || contact_id as contact_id,
    {{ full_name('first_name', 'last_name') }} as contact_name,
    {{ clean_list('[email_address]') }} as contact_emails,
    cast([] as varchar[]) as company_ids,
    cast(null as varchar) as contact_job_title,
    cast(null as varchar) as contact_phone,
    cast(null as timestamp) as contact_created_at,
    updated_date_utc as contact_updated_at,
    cast(null as boolean) as is_marketable
from source
where
    {{ is_kept(['_fivetran_deleted']) }}
    and last_name is not null
