with source as (

    {{ source_columns('harvest', 'clients', [
        ('id', 'varchar'),
        ('name', 'varchar'),
        ('created_at', 'timestamp'),
        ('updated_at', 'timestamp'),
        ('_sdc_batched_at', 'timestamp'),
    ]) }}

)

select
    'harvest-' || id as company_id,
    name as company_name,
    cast(null as varchar) as company_domain,
    cast(null as varchar) as company_industry,
    created_at as company_created_at,
    updated_at as company_updated_at
from source
{{ last_batch('id') }}
