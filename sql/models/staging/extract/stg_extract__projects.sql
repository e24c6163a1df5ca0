with source as (

    {{ source_columns('extract', 'projects', entity_columns('projects')) }}

)

select
    'extract-' || project_id as project_id,
    project_name,
    'extract-' || company_id as company_id
from source
