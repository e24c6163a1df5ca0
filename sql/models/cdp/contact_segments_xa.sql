with

contacts as (
    select * from {{ ref('contacts_dim') }}
),

deals as (
    select * from {{ ref('deals_fct') }}
),

web_interests as (
    select * from {{ ref('contact_web_interests_xa') }}
),

product_usage as (
    select * from {{ ref('int_product_usage') }}
),

interactions as (
    select * from {{ ref('interactions_fct') }}
),

activities as (
    select
        contact_pk,
        {% if entity_is_on('product_usage') -%}
        sum(usage_minutes) as activity
    from product_usage
        {%- else -%}
        count(*) as activity
    from interactions
        {%- endif %}
    group by contact_pk
),

contact_deals as (
    select
        unnest(contact_pks) as contact_pk,
        amount_base
    from deals
),

opportunities as (
    select
        contact_pk,
        sum(amount_base) as opportunity_value
    from contact_deals
    group by contact_pk
),

measured as (
    select
        contacts.contact_pk,
        contacts.contact_name,
        coalesce(activities.activity, 0) as activity,
        coalesce(opportunities.opportunity_value, 0) as opportunity_value,
        web_interests.contact_pk is not null as has_web_events,
        coalesce(web_interests.visits_l90_days, 0) as visits_l90_days,
        coalesce(web_interests.total_interest, 0) as total_interest,
        {{ category_views(['pricing']) }} as n_buying_views,
        {{ category_views(['pricing', 'casestudy']) }} as n_prospect_views
    from contacts
    left join activities
        on contacts.contact_pk = activities.contact_pk
    left join opportunities
        on contacts.contact_pk = opportunities.contact_pk
    left join web_interests
        on contacts.contact_pk = web_interests.contact_pk
),

quartered as (
    select
        *,
        {{ quartile('activity') }} as activity_quartile,
        {{ quartile('opportunity_value') }} as opportunity_quartile
    from measured
),

scored as (
    select
        *,
        activity_quartile + opportunity_quartile as influencer_score,
        case
            when
                activity_quartile + opportunity_quartile
                >= {{ var('champion_score') }}
                then 'Champion'
            when
                activity_quartile + opportunity_quartile
                >= {{ var('influencer_score') }}
                then 'Influencer'
            else 'None'
        end as influencer_status,
        case
            when visits_l90_days > {{ var('highly_engaged_visits') }}
                then 'Highly Engaged'
            when visits_l90_days > 0 then 'Engaged'
            when has_web_events then 'Historic'
            else 'None'
        end as engagement_level,
        case
            when n_buying_views > 0 then 'Buying'
            when has_web_events then 'Researching'
            else 'None'
        end as buying_stage
    from quartered
),

placed as (
    select
        *,
        case
            when influencer_status = 'Champion' and n_prospect_views > 0
                then 'Champion Prospect'
            when influencer_status = 'Champion' then 'Champion'
            when influencer_status = 'Influencer' and total_interest > 0
                then 'Engaged Influencer'
            when influencer_status = 'Influencer' then 'Influencer'
            when n_prospect_views > 0 then 'Prospect'
            when has_web_events then 'Visitor'
            else 'Contact'
        end as contact_segment
    from scored
),

final as (
    select
        contact_pk,
        contact_name,
        cast(influencer_score as bigint) as influencer_score,
        influencer_status,
        engagement_level,
        cast(
            case engagement_level
                when 'Highly Engaged' then 3
                when 'Engaged' then 2
                when 'Historic' then 1
                else 0
            end as bigint
        ) as engagement_score,
        buying_stage,
        cast(
            case buying_stage
                when 'Buying' then 2
                when 'Researching' then 1
                else 0
            end as bigint
        ) as buying_stage_score,
        contact_segment,
        cast(
            case contact_segment
                when 'Champion Prospect' then 7
                when 'Champion' then 6
                when 'Engaged Influencer' then 5
                when 'Influencer' then 4
                when 'Prospect' then 3
                when 'Visitor' then 2
                else 1
            end as bigint
        ) as segment_value
    from placed
)

select * from final
