{{ config(materialized='table') }}

with latest_invoices as (

    {{ latest_version(ref('int_invoices__unioned'), 'invoices') }}

),

invoices as (

    select
        *,
        coalesce(invoice_paid_at > {{ as_of() }}, false) as is_paid_later,
        {{ currency_or_base('currency') }} as currency_code
    from latest_invoices
    where
        entity_source = '{{ billing_source() }}'
        and invoice_issued_at <= {{ as_of() }}

),

company_id_map as (

    select * from {{ ref('int_company_id_map') }}

),

projects as (

    select * from {{ ref('int_projects') }}

),

exchange_rates as (

    select * from {{ ref('int_exchange_rates') }}

),

as_known as (

    select
        invoice_id,
        invoice_number,
        company_id,
        project_id,
        services_amount,
        currency_code,
        case
            when is_paid_later and invoice_status = 'paid' then 'open'
            else invoice_status
        end as invoice_status,
        invoice_issued_at,
        case when not is_paid_later then invoice_paid_at end as invoice_paid_at,
        cast(invoice_issued_at as date) as invoice_issued_date,
        case when not is_paid_later then cast(invoice_paid_at as date) end
            as invoice_paid_date,
        entity_source
    from invoices

),

final as (

    select
        as_known.invoice_id,
        as_known.invoice_number,
        company_id_map.company_pk,
        projects.project_name,
        as_known.services_amount,
        as_known.currency_code as currency,
        {{ to_cents(in_base_currency(
            'as_known.services_amount',
            'as_known.currency_code',
            'issue_rates.rate_to_base'
        )) }}
            as amount_base_issued,
        case
            when as_known.invoice_paid_at is not null
                then {{ to_cents(in_base_currency(
                    'as_known.services_amount',
                    'as_known.currency_code',
                    'payment_rates.rate_to_base'
                )) }}
        end as amount_base_paid,
        as_known.invoice_status,
        as_known.invoice_issued_at,
        as_known.invoice_paid_at,
        as_known.entity_source
    from as_known
    left join company_id_map
        on as_known.company_id = company_id_map.company_id
    left join projects on as_known.project_id = projects.project_id
    left join exchange_rates as issue_rates
        on
            as_known.currency_code = issue_rates.currency
            and as_known.invoice_issued_date = issue_rates.rate_date
    left join exchange_rates as payment_rates
        on
            as_known.currency_code = payment_rates.currency
            and as_known.invoice_paid_date = payment_rates.rate_date

)

select
    invoice_id,
    invoice_number,
    company_pk,
    project_name,
    services_amount,
    currency,
    amount_base_issued,
    amount_base_paid,
    invoice_status,
    invoice_issued_at,
    invoice_paid_at,
    entity_source
from final
