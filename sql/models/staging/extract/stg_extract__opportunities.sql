with source as (

    {{ source_columns(
        'extract', 'opportunities', entity_columns('opportunities')
    ) }}

)

select
    'extract-' || deal_id as deal_id,
    deal_name,
    'extract-' || company_id as company_id,
    {{ clean_list('contact_ids', 'extract-') }} as contact_ids,
    deal_amount,
    upper(currency) as currency,
    deal_stage,
    deal_status,
    deal_created_at,
    deal_closed_at,
    deal_updated_at
from source
