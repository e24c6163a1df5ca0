with

deals as (
    select * from {{ ref('int_deals') }}
),

rates as (
    select * from {{ ref('int_exchange_rates') }}
),

-- a deal without a decision has neither an instant nor a value of it
dated as (
    select
        *,
        case
            when deal_status in ('won', 'lost')
                then coalesce(
                    deal_closed_at, deal_updated_at, deal_created_at
                )
        end as deal_decided_at
    from deals
),

decided as (
    select
        *,
        cast(deal_decided_at as date) as deal_decided_date
    from dated
),

final as (
    select
        decided.deal_id,
        decided.company_pk,
        decided.primary_contact_pk,
        decided.contact_pks,
        decided.deal_name,
        decided.deal_stage,
        decided.deal_status,
        decided.currency,
        decided.deal_amount,
        decided.amount_base,
        case
            when decided.deal_decided_at is not null
                then {{ to_cents(in_base_currency(
                    'decided.deal_amount',
                    'decided.currency',
                    'rates.rate_to_base'
                )) }}
        end as amount_base_decided,
        decided.deal_created_at,
        decided.deal_updated_at,
        decided.deal_decided_at,
        decided.entity_source
    from decided
    left join rates
        on
            decided.currency = rates.currency
            and decided.deal_decided_date = rates.rate_date
)

select * from final
