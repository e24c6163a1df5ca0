with source as (

    {{ source_columns('xero', 'invoice', [
        ('invoice_id', 'varchar'),
        ('contact_id', 'varchar'),
        ('invoice_number', 'varchar'),
        ('type', 'varchar'),
        ('status', 'varchar'),
        ('date', 'timestamp'),
        ('fully_paid_on_date', 'timestamp'),
        ('sub_total', 'decimal(18,2)'),
        ('currency_code', 'varchar'),
        ('_fivetran_deleted', 'boolean'),
    ]) }}

)

select
    'xero-' || invoice_id as invoice_id,
    invoice_number,
    'xero-' || contact_id as company_id,
    cast(null as varchar) as project_id,
    sub_total as services_amount,
    upper(currency_code) as currency,
    case status
        when 'DRAFT' then 'draft'
        when 'SUBMITTED' then 'draft'
        when 'AUTHORISED' then 'open'
        when 'PAID' then 'paid'
        when 'VOIDED' then 'voided'
        when 'DELETED' then 'voided'
        else lower(status)
    end as invoice_status,
    "date" as invoice_issued_at,
    fully_paid_on_date as invoice_paid_at
from source
where
    {{ is_kept(['_fivetran_deleted']) }}
    and type = 'ACCREC'
