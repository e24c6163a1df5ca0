with source as (

    {{ source_columns('extract', 'contacts', entity_columns('contacts')) }}

)

select
    'extract-' || contact_id as contact_id,
    contact_name,
    {{ clean_list('contact_emails') }} as contact_emails,
    {{ clean_list('company_ids', 'extract-') }} as company_ids,
    contact_job_title,
    contact_phone,
    contact_created_at,
    contact_updated_at,
    is_marketable
from source
