with deals as (

    {{ source_columns('hubspot', 'deal', [
        ('deal_id', 'varchar'),
        ('deal_pipeline_stage_id', 'varchar'),
        ('property_dealname', 'varchar'),
        ('property_amount', 'decimal(18,2)'),
        ('property_deal_currency_code', 'varchar'),
        ('property_createdate', 'timestamp'),
        ('property_closedate', 'timestamp'),
        ('property_hs_lastmodifieddate', 'timestamp'),
        ('is_deleted', 'boolean'),
        ('_fivetran_deleted', 'boolean'),
    ]) }}

),

deal_company as (

    {{ source_columns('hubspot', 'deal_company', [
        ('deal_id', 'varchar'),
        ('company_id', 'varchar'),
        ('type_id', 'bigint'),
        ('_fivetran_deleted', 'boolean'),
    ]) }}

),

deal_contact as (

    {{ source_columns('hubspot', 'deal_contact', [
        ('deal_id', 'varchar'),
        ('contact_id', 'varchar'),
        ('type_id', 'bigint'),
        ('_fivetran_deleted', 'boolean'),
    ]) }}

),

deal_pipeline_stage as (

    {{ source_columns('hubspot', 'deal_pipeline_stage', [
        ('stage_id', 'varchar'),
        ('label', 'varchar'),
        ('closed_won', 'boolean'),
        ('is_closed', 'boolean'),
        ('_fivetran_deleted', 'boolean'),
    ]) }}

),

-- HubSpot marks the primary one of an association with type 5
companies as (

    select
        deal_id,
        'hubspot-' || company_id as company_id
    from deal_company
    where {{ is_kept(['_fivetran_deleted']) }}
    qualify row_number() over (
        partition by deal_id
        order by
            case when type_id = 5 then 0 else 1 end,
            company_id
    ) = 1

),

ranked_contacts as (

    select
        deal_id,
        'hubspot-' || contact_id as contact_id,
        min(case when type_id = 5 then 0 else 1 end) as contact_rank
    from deal_contact
    where
        {{ is_kept(['_fivetran_deleted']) }}
        and contact_id is not null
    group by deal_id, contact_id

),

contacts as (

    select
        deal_id,
        array_agg(contact_id order by contact_rank, contact_id) as contact_ids
    from ranked_contacts
    group by deal_id

),

stages as (

    select
        stage_id,
        label,
        case
            when closed_won then 'won'
            when is_closed then 'lost'
            else 'open'
        end as deal_status
    from deal_pipeline_stage
    where {{ is_kept(['_fivetran_deleted']) }}
    qualify row_number() over (
        partition by stage_id
        order by
            label desc nulls last,
            closed_won desc nulls last,
            is_closed desc nulls last
    ) = 1

),

final as (

    select
        'hubspot-' || deals.deal_id as deal_id,
        deals.property_dealname as deal_name,
        companies.company_id,
        coalesce(contacts.contact_ids, cast([] as varchar[])) as contact_ids,
        deals.property_amount as deal_amount,
        upper(deals.property_deal_currency_code) as currency,
        stages.label as deal_stage,
        coalesce(stages.deal_status, 'open') as deal_status,
        deals.property_createdate as deal_created_at,
        deals.property_closedate as deal_closed_at,
        deals.property_hs_lastmodifieddate as deal_updated_at
    from deals
    left join companies on deals.deal_id = companies.deal_id
    left join contacts on deals.deal_id = contacts.deal_id
    left join stages on deals.deal_pipeline_stage_id = stages.stage_id
    where {{ is_kept(['deals.is_deleted', 'deals._fivetran_deleted']) }}

)

select
    deal_id,
    deal_name,
    company_id,
    contact_ids,
    deal_amount,
    currency,
    deal_stage,
    deal_status,
    deal_created_at,
    deal_closed_at,
    deal_updated_at
from final
