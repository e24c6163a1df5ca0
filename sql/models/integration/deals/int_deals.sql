{{ config(materialized='table') }}

with latest_deals as (

    {{ latest_version(
        ref('int_opportunities__unioned'), 'opportunities', 'deal_updated_at'
    ) }}

),

deals as (

    select
        *,
        cast(deal_created_at as date) as deal_created_date,
        {{ currency_or_base('currency') }} as currency_code
    from latest_deals
    where deal_created_at <= {{ as_of() }}

),

company_id_map as (

    select * from {{ ref('int_company_id_map') }}

),

contact_id_map as (

    select * from {{ ref('int_contact_id_map') }}

),

exchange_rates as (

    select * from {{ ref('int_exchange_rates') }}

),

named_contacts as (

    select
        deal_id,
        unnest(contact_ids) as contact_id,
        unnest(range(1, cast(array_length(contact_ids) as bigint) + 1))
            as contact_position
    from deals

),

known_contacts as (

    select
        named_contacts.deal_id,
        contact_id_map.contact_pk,
        min(named_contacts.contact_position) as contact_position
    from named_contacts
    inner join contact_id_map
        on named_contacts.contact_id = contact_id_map.contact_id
    group by named_contacts.deal_id, contact_id_map.contact_pk

),

deal_contacts as (

    select
        deal_id,
        array_agg(contact_pk order by contact_position) as contact_pks
    from known_contacts
    group by deal_id

),

final as (

    select
        deals.deal_id,
        deals.deal_name,
        company_id_map.company_pk,
        coalesce(deal_contacts.contact_pks, cast([] as varchar[]))
            as contact_pks,
        deal_contacts.contact_pks[1] as primary_contact_pk,
        deals.deal_amount,
        deals.currency_code as currency,
        {{ to_cents(in_base_currency(
            'deals.deal_amount',
            'deals.currency_code',
            'exchange_rates.rate_to_base'
        )) }}
            as amount_base,
        deals.deal_stage,
        case
            when
                deals.deal_status in ('won', 'lost')
                and coalesce(
                    deals.deal_closed_at,
                    deals.deal_updated_at,
                    deals.deal_created_at
                ) > {{ as_of() }}
                then 'open'
            else deals.deal_status
        end as deal_status,
        deals.deal_created_at,
        deals.deal_closed_at,
        deals.deal_updated_at,
        deals.entity_source
    from deals
    left join company_id_map on deals.company_id = company_id_map.company_id
    left join deal_contacts on deals.deal_id = deal_contacts.deal_id
    left join exchange_rates
        on
            deals.currency_code = exchange_rates.currency
            and deals.deal_created_date = exchange_rates.rate_date

)

select
    deal_id,
    deal_name,
    company_pk,
    contact_pks,
    primary_contact_pk,
    deal_amount,
    currency,
    amount_base,
    deal_stage,
    deal_status,
    deal_created_at,
    deal_closed_at,
    deal_updated_at,
    entity_source
from final
