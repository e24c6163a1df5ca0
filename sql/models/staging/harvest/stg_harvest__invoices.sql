with invoices as (

    {{ source_columns('harvest', 'invoices', [
        ('id', 'varchar'),
        ('client_id', 'varchar'),
        ('number', 'varchar'),
        ('amount', 'decimal(18,2)'),
        ('tax_amount', 'decimal(18,2)'),
        ('currency', 'varchar'),
        ('state', 'varchar'),
        ('issue_date', 'timestamp'),
        ('sent_at', 'timestamp'),
        ('paid_at', 'timestamp'),
        ('paid_date', 'timestamp'),
        ('_sdc_batched_at', 'timestamp'),
    ]) }}

),

invoice_line_items as (

    {{ source_columns('harvest', 'invoice_line_items', [
        ('id', 'bigint'),
        ('invoice_id', 'varchar'),
        ('project_id', 'varchar'),
        ('kind', 'varchar'),
        ('amount', 'decimal(18,2)'),
        ('_sdc_batched_at', 'timestamp'),
    ]) }}

),

latest_invoices as (

    select *
    from invoices
    {{ last_batch('id') }}

),

-- a line that landed twice in one batch is billed once
latest_lines as (

    select *
    from invoice_line_items
    qualify row_number() over (
        partition by id
        order by
            _sdc_batched_at desc nulls last,
            amount desc nulls last,
            kind desc nulls last,
            project_id desc nulls last,
            invoice_id desc nulls last
    ) = 1

),

lines as (

    select
        invoice_id,
        coalesce(
            sum(amount) filter (where kind = 'Service'),
            cast(0 as decimal(18,2))
        ) as services_amount,
        (array_agg(project_id order by id))[1] as project_id
    from latest_lines
    group by invoice_id

)

select
    'harvest-' || latest_invoices.id as invoice_id,
    latest_invoices.number as invoice_number,
    'harvest-' || latest_invoices.client_id as company_id,
    'harvest-' || lines.project_id as project_id,
    cast(
        coalesce(
            lines.services_amount,
            latest_invoices.amount - coalesce(latest_invoices.tax_amount, 0)
        ) as decimal(18,2)
    ) as services_amount,
    upper(latest_invoices.currency) as currency,
    case latest_invoices.state
        when 'closed' then 'voided'
        else latest_invoices.state
    end as invoice_status,
    coalesce(latest_invoices.sent_at, latest_invoices.issue_date)
        as invoice_issued_at,
    coalesce(latest_invoices.paid_at, latest_invoices.paid_date)
        as invoice_paid_at
from latest_invoices
left join lines on latest_invoices.id = lines.invoice_id
