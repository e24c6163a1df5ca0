with source as (

    {{ source_columns(
        'extract', 'product_usage', entity_columns('product_usage')
    ) }}

)

select
    'extract-' || contact_id as contact_id,
    usage_date,
    usage_minutes
from source
