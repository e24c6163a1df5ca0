with source as (

    {{ source_columns('extract', 'issues', entity_columns('issues')) }}

)

select
    'extract-' || issue_id as issue_id,
    issue_key,
    'extract-' || company_id as company_id,
    'extract-' || contact_id as contact_id,
    issue_type,
    issue_status,
    issue_summary,
    issue_created_at,
    issue_resolved_at
from source
