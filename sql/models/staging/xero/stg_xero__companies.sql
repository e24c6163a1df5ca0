with source as (

    {{ source_columns('xero', 'contact', [
        ('contact_id', 'varchar'),
        ('name', 'varchar'),
        ('last_name', 'varchar'),
        ('updated_date_utc', 'timestamp'),
        ('_fivetran_deleted', 'boolean'),
    ]) }}

)

select
    'xero-' || contact_id as company_id,
    name as company_name,
    cast(null as varchar) as company_domain,
    cast(null as varchar) as company_industry,
    cast(null as timestamp) as company_created_at,
    updated_date_utc as company_updated_at
from source
where
    {{ is_kept(['_fivetran_deleted']) }}
    and last_name is null
