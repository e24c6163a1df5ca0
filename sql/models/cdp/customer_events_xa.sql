with

companies as (
    select * from {{ ref('int_companies') }}
),

contacts as (
    select * from {{ ref('contacts_dim') }}
),

contact_companies as (
    select * from {{ ref('int_contact_companies') }}
),

deals as (
    select * from {{ ref('deals_fct') }}
),

invoices as (
    select * from {{ ref('invoices_fct') }}
),

delivery_costs as (
    select * from {{ ref('delivery_costs_fct') }}
),

interactions as (
    select * from {{ ref('interactions_fct') }}
),

clients_created as (
    select
        company_pk,
        company_created_at as event_ts,
        1 as event_order,
        'Client Created' as event_type,
        'headwater' as event_source,
        company_pk as event_id,
        company_name as event_details,
        cast(0 as decimal(18, 2)) as event_value,
        cast(null as varchar) as event_contact_pk
    from companies
    where company_created_at <= {{ as_of() }}
),

contacts_created as (
    select
        contact_companies.company_pk,
        contacts.contact_created_at as event_ts,
        2 as event_order,
        'Contact Created' as event_type,
        'headwater' as event_source,
        concat(contacts.contact_pk, '|', contact_companies.company_pk)
            as event_id,
        contacts.contact_name as event_details,
        cast(0 as decimal(18, 2)) as event_value,
        contacts.contact_pk as event_contact_pk
    from contacts
    inner join contact_companies
        on contacts.contact_pk = contact_companies.contact_pk
    where contacts.contact_created_at <= {{ as_of() }}
),

deals_created as (
    select
        company_pk,
        deal_created_at as event_ts,
        3 as event_order,
        'Deal Created' as event_type,
        entity_source as event_source,
        deal_id as event_id,
        deal_name as event_details,
        case when deal_amount is null then 0 else amount_base end
            as event_value,
        primary_contact_pk as event_contact_pk
    from deals
    where company_pk is not null
),

deals_decided as (
    select
        company_pk,
        deal_decided_at as event_ts,
        case deal_status when 'won' then 4 else 5 end as event_order,
        case deal_status when 'won' then 'Deal Won' else 'Deal Lost' end
            as event_type,
        entity_source as event_source,
        deal_id as event_id,
        deal_name as event_details,
        case when deal_amount is null then 0 else amount_base_decided end
            as event_value,
        primary_contact_pk as event_contact_pk
    from deals
    where
        company_pk is not null
        and deal_status in ('won', 'lost')
),

invoices_created as (
    select
        company_pk,
        invoice_issued_at as event_ts,
        6 as event_order,
        'Invoice Created' as event_type,
        entity_source as event_source,
        invoice_id as event_id,
        coalesce(project_name, invoice_number) as event_details,
        amount_base_issued as event_value,
        cast(null as varchar) as event_contact_pk
    from invoices
    where
        company_pk is not null
        and invoice_status in ('open', 'paid')
        and services_amount > 0
),

invoices_paid as (
    select
        company_pk,
        invoice_paid_at as event_ts,
        7 as event_order,
        'Invoice Paid' as event_type,
        entity_source as event_source,
        invoice_id as event_id,
        coalesce(project_name, invoice_number) as event_details,
        amount_base_paid as event_value,
        cast(null as varchar) as event_contact_pk
    from invoices
    where
        company_pk is not null
        and invoice_status = 'paid'
        and services_amount > 0
        and invoice_paid_at is not null
),

delivery as (
    select
        company_pk,
        cast(billing_date as timestamp) as event_ts,
        8 as event_order,
        'Delivery Cost' as event_type,
        'headwater' as event_source,
        concat(company_pk, '|', cast(billing_date as varchar)) as event_id,
        cast(delivery_days as varchar) as event_details,
        delivery_cost as event_value,
        cast(null as varchar) as event_contact_pk
    from delivery_costs
),

interactions_had as (
    select
        company_pk,
        interaction_ts as event_ts,
        9 as event_order,
        interaction_type as event_type,
        entity_source as event_source,
        interaction_id as event_id,
        interaction_details as event_details,
        cast(0 as decimal(18, 2)) as event_value,
        contact_pk as event_contact_pk
    from interactions
    where company_pk is not null
),

events as (
    {% for kind in [
        'clients_created', 'contacts_created', 'deals_created',
        'deals_decided', 'invoices_created', 'invoices_paid', 'delivery',
        'interactions_had',
    ] %}
    select * from {{ kind }}
    {%- if not loop.last %}
    union all
    {%- endif %}
    {% endfor %}
),

measured as (
    select
        md5(concat(event_type, '|', event_id)) as event_pk,
        company_pk,
        event_ts,
        event_order,
        event_type,
        event_source,
        event_details,
        event_value,
        event_contact_pk,
        case event_type when 'Invoice Paid' then event_value else 0 end
            as revenue,
        case event_type when 'Delivery Cost' then event_value else 0 end
            as delivery_cost,
        case
            when event_type in (
                'Deal Won', 'Invoice Created', 'Invoice Paid', 'Delivery Cost'
            ) then 1 else 0
        end as client_events,
        case event_type when 'Deal Created' then 1 else 0 end as deals_created,
        case event_type when 'Deal Lost' then 1 else 0 end as deals_lost
    from events
),

sequenced as (
    select
        event_pk,
        company_pk,
        event_ts,
        event_type,
        event_source,
        event_details,
        event_value,
        event_contact_pk,
        revenue - delivery_cost as event_ltv,
        row_number() over journey as client_event_seq,
        first_value(event_ts) over journey as first_event_ts,
        sum(revenue) over journey as cumulative_revenue,
        sum(delivery_cost) over journey as cumulative_delivery_cost,
        sum(client_events) over journey as n_client_events,
        sum(deals_created) over journey as n_deals_created,
        sum(deals_lost) over journey as n_deals_lost
    from measured
    window journey as (
        partition by company_pk
        order by event_ts, event_order, event_pk
        rows between unbounded preceding and current row
    )
),

final as (
    select
        sequenced.event_pk,
        sequenced.company_pk,
        companies.company_name,
        sequenced.event_ts,
        sequenced.event_type,
        sequenced.event_source,
        sequenced.event_details,
        cast(sequenced.event_value as decimal(18, 2)) as event_value,
        sequenced.event_contact_pk,
        contacts.contact_name as event_contact_name,
        cast(sequenced.client_event_seq as bigint) as client_event_seq,
        cast(date_trunc('month', sequenced.first_event_ts) as date)
            as client_cohort_month,
        {{ months_between('sequenced.first_event_ts', 'sequenced.event_ts') }}
            as months_since_client_created,
        cast(sequenced.event_ltv as decimal(18, 2)) as event_ltv,
        cast(sequenced.cumulative_revenue as decimal(18, 2))
            as cumulative_revenue,
        cast(sequenced.cumulative_delivery_cost as decimal(18, 2))
            as cumulative_delivery_cost,
        cast(
            sequenced.cumulative_revenue - sequenced.cumulative_delivery_cost
            as decimal(18, 2)
        ) as cumulative_ltv,
        case
            when sequenced.n_client_events > 0 then 'Client'
            when sequenced.n_deals_created > sequenced.n_deals_lost
                then 'Opportunity'
            when sequenced.n_deals_lost > 0 then 'Lost Opportunity'
            else 'Prospect'
        end as customer_stage
    from companies
    inner join sequenced
        on companies.company_pk = sequenced.company_pk
    left join contacts
        on sequenced.event_contact_pk = contacts.contact_pk
)

select * from final
