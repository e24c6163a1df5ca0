with source as (

    {{ source_columns('harvest', 'contacts', [
        ('id', 'varchar'),
        ('client_id', 'varchar'),
        ('title', 'varchar'),
        ('first_name', 'varchar'),
        ('last_name', 'varchar'),
        ('email', 'varchar'),
        ('phone_office', 'varchar'),
        ('phone_mobile', 'varchar'),
        ('created_at', 'timestamp'),
        ('updated_at', 'timestamp'),
        ('_sdc_batched_at', 'timestamp'),
    ]) }}

)

select
    'harvest-' || id as contact_id,
    {{ full_name('first_name', 'last_name') }} as contact_name,
    {{ clean_list('[email]') }} as contact_emails,
    {{ clean_list('[client_id]', 'harvest-') }} as company_ids,
    title as contact_job_title,
    coalesce(phone_office, phone_mobile) as contact_phone,
    created_at as contact_created_at,
    updated_at as contact_updated_at,
    cast(null as boolean) as is_marketable
from source
{{ last_batch('id') }}
