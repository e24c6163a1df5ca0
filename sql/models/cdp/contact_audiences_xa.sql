{%- set audiences = var('audiences', []) -%}
{%- set blank = white_space('class') -%}
{%- set names = audiences | map(attribute='name') | list -%}

with

contacts as (
    select * from {{ ref('contacts_dim') }}
),

companies as (
    select * from {{ ref('companies_dim') }}
),

web_interests as (
    select * from {{ ref('contact_web_interests_xa') }}
),

segments as (
    select * from {{ ref('contact_segments_xa') }}
),

addresses as (
    select
        unnest(contact_emails) as email,
        contact_pk,
        contact_name,
        contact_job_title,
        contact_phone,
        is_marketable,
        company_pk
    from contacts
),

profiles as (
    select
        addresses.email,
        addresses.contact_pk,
        addresses.contact_name,
        regexp_replace(
            addresses.contact_name, '(?s)[{{ blank }}].*$', ''
        ) as first_name,
        nullif(
            regexp_replace(
                addresses.contact_name,
                '^[^{{ blank }}]+[{{ blank }}]*', ''
            ), ''
        ) as last_name,
        addresses.contact_job_title,
        addresses.contact_phone,
        addresses.is_marketable,
        addresses.company_pk,
        companies.company_name,
        companies.company_domain,
        companies.current_stage as customer_stage,
        companies.total_ltv as company_ltv,
        {%- for column in web_interest_columns() %}
        {%- if column.name == 'last_visit_ts' %}
        cast(web_interests.last_visit_ts as date) as last_visit_date,
        {%- elif column.is_number %}
        coalesce(web_interests.{{ column.name }}, 0) as {{ column.name }},
        {%- else %}
        web_interests.{{ column.name }},
        {%- endif %}
        {%- endfor %}
        segments.influencer_score,
        segments.influencer_status,
        segments.engagement_level,
        segments.engagement_score,
        segments.buying_stage,
        segments.buying_stage_score,
        segments.contact_segment,
        segments.segment_value
    from addresses
    inner join segments
        on addresses.contact_pk = segments.contact_pk
    left join web_interests
        on addresses.contact_pk = web_interests.contact_pk
    left join companies
        on addresses.company_pk = companies.company_pk
),

members as (
    select
        *
        {%- for audience in audiences %},
        is_marketable and coalesce((
            {{ audience.condition | trim }}
        ), false) as in_{{ audience.name }}
        {%- endfor %}
    from profiles
),

final as (
    select
        email,
        contact_pk,
        contact_name,
        first_name,
        last_name,
        contact_job_title,
        contact_phone,
        is_marketable,
        company_pk,
        company_name,
        company_domain,
        customer_stage,
        company_ltv,
        {%- for column in web_interest_columns() %}
        {{ 'last_visit_date' if column.name == 'last_visit_ts'
            else column.name }},
        {%- endfor %}
        influencer_score,
        influencer_status,
        engagement_level,
        engagement_score,
        buying_stage,
        buying_stage_score,
        contact_segment,
        segment_value,
        {% if names -%}
        case
            when in_{{ names | join(' or in_') }}
                then string_to_array(
                    concat_ws(
                        ','
                        {%- for name in names | sort %},
                        case when in_{{ name }} then '{{ name }}' end
                        {%- endfor %}
                    ), ','
                )
            else cast([] as varchar[])
        end
        {%- else -%}
        cast([] as varchar[])
        {%- endif %} as audiences
        {%- for name in names %},
        in_{{ name }}
        {%- endfor %}
    from members
)

select * from final
