with source as (

    {{ source_columns('extract', 'invoices', entity_columns('invoices')) }}

)

select
    'extract-' || invoice_id as invoice_id,
    invoice_number,
    'extract-' || company_id as company_id,
    'extract-' || project_id as project_id,
    services_amount,
    upper(currency) as currency,
    invoice_status,
    invoice_issued_at,
    invoice_paid_at
from source
