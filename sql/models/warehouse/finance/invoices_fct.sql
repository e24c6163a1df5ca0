with

invoices as (
    select * from {{ ref('int_invoices') }}
),

final as (
    select
        invoice_id,
        company_pk,
        invoice_number,
        project_name,
        invoice_status,
        currency,
        services_amount,
        amount_base_issued,
        amount_base_paid,
        invoice_issued_at,
        invoice_paid_at,
        entity_source
    from invoices
)

select * from final
