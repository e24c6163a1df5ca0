-- The lifetime value of each company, straight from invoices and delivery
-- costs: contacts_dim needs it to choose a primary company, and the customer
-- events, from which companies_dim takes the same total, need contacts_dim.
with

invoices as (
    select * from {{ ref('invoices_fct') }}
),

delivery_costs as (
    select * from {{ ref('delivery_costs_fct') }}
),

movements as (
    select
        company_pk,
        amount_base_paid as amount
    from invoices
    where
        invoice_status = 'paid'
        and services_amount > 0
        and invoice_paid_at is not null
        and company_pk is not null

    union all

    select
        company_pk,
        -delivery_cost as amount
    from delivery_costs
),

final as (
    select
        company_pk,
        cast(sum(amount) as decimal(18, 2)) as total_ltv
    from movements
    group by company_pk
)

select * from final
