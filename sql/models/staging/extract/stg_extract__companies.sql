with source as (

    {{ source_columns('extract', 'companies', entity_columns('companies')) }}

)

select
    'extract-' || company_id as company_id,
    company_name,
    company_domain,
    company_industry,
    company_created_at,
    company_updated_at
from source
