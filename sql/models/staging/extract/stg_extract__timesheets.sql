with source as (

    {{ source_columns('extract', 'timesheets', entity_columns('timesheets')) }}

)

select
    'extract-' || timesheet_id as timesheet_id,
    'extract-' || project_id as project_id,
    user_name,
    billing_date,
    hours,
    is_billable,
    hourly_cost_rate,
    upper(currency) as currency
from source
