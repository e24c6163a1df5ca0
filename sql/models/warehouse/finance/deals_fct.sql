with

deals as (
    select * from {{ ref('int_deals') }}
),

rates as (
    select * from {{ ref('int_exchange_rates') }}
),

dated as (
    select
        *,
        coalesce(deal_closed_at, deal_updated_at, deal_created_at)
            as deal_decided_at
    from deals
),

final as (
    select
        dated.deal_id,
        dated.company_pk,
        dated.primary_contact_pk,
        dated.contact_pks,
        dated.deal_name,
        dated.deal_stage,
        dated.deal_status,
        dated.currency,
        dated.deal_amount,
        dated.amount_base,
        {{ to_cents(in_base_currency(
            'dated.deal_amount', 'dated.currency', 'rates.rate_to_base'
        )) }} as amount_base_decided,
        dated.deal_created_at,
        dated.deal_updated_at,
        dated.deal_decided_at,
        dated.entity_source
    from rates
    right join dated
        on
            rates.currency = dated.currency
            and rates.valid_from <= cast(dated.deal_decided_at as date)
            and rates.valid_to > cast(dated.deal_decided_at as date)
)

select * from final
