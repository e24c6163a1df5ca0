with source as (

    {{ source_columns(
        'extract', 'interactions', entity_columns('interactions')
    ) }}

)

select
    'extract-' || interaction_id as interaction_id,
    'extract-' || contact_id as contact_id,
    'extract-' || company_id as company_id,
    interaction_type,
    interaction_ts,
    interaction_details
from source
