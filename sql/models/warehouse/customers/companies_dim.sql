{% set client_event_types = [
    'Deal Won', 'Invoice Created', 'Invoice Paid', 'Delivery Cost'
] %}

with

companies as (
    select * from {{ ref('int_companies') }}
),

events as (
    select * from {{ ref('customer_events_xa') }}
),

activity as (
    select
        company_pk,
        arg_max(customer_stage, client_event_seq) as last_stage,
        cast(sum(event_ltv) as decimal(18, 2)) as total_ltv,
        max(event_ts) as last_activity_at,
        max(
            case
                when event_type in ('{{ client_event_types | join("', '") }}')
                    then event_ts
            end
        ) as last_client_event_at
    from events
    group by company_pk
),

final as (
    select
        companies.company_pk,
        companies.company_name,
        companies.company_domain,
        companies.company_industry,
        companies.company_created_at,
        companies.all_company_ids,
        case
            when activity.last_stage is null then 'Prospect'
            when
                activity.last_stage = 'Client'
                and activity.last_client_event_at <= {{ days_before_as_of(
                    var('lapsed_after_days')
                ) }}
                then 'Lapsed Client'
            else activity.last_stage
        end as current_stage,
        coalesce(activity.total_ltv, cast(0 as decimal(18, 2))) as total_ltv,
        activity.last_activity_at
    from companies
    left join activity
        on companies.company_pk = activity.company_pk
)

select * from final
