with source as (

    {{ source_columns('harvest', 'projects', [
        ('id', 'varchar'),
        ('client_id', 'varchar'),
        ('name', 'varchar'),
        ('_sdc_batched_at', 'timestamp'),
    ]) }}

)

select
    'harvest-' || id as project_id,
    name as project_name,
    'harvest-' || client_id as company_id
from source
{{ last_batch('id') }}
