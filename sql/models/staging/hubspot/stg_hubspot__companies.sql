with source as (

    {{ source_columns('hubspot', 'company', [
        ('id', 'varchar'),
        ('property_name', 'varchar'),
        ('property_domain', 'varchar'),
        ('property_website', 'varchar'),
        ('property_industry', 'varchar'),
        ('property_createdate', 'timestamp'),
        ('property_hs_lastmodifieddate', 'timestamp'),
        ('is_deleted', 'boolean'),
        ('_fivetran_deleted', 'boolean'),
    ]) }}

)

select
    'hubspot-' || id as company_id,
    property_name as company_name,
    coalesce(property_domain, {{ host_of('property_website') }})
        as company_domain,
    property_industry as company_industry,
    property_createdate as company_created_at,
    property_hs_lastmodifieddate as company_updated_at
from source
where {{ is_kept(['is_deleted', '_fivetran_deleted']) }}
