with

contacts as (
    select * from {{ ref('int_contacts') }}
),

companies as (
    select * from {{ ref('int_companies') }}
),

contact_companies as (
    select * from {{ ref('int_contact_companies') }}
),

company_ltv as (
    select * from {{ ref('company_ltv_fct') }}
),

company_worth as (
    select
        companies.company_pk,
        companies.company_created_at,
        coalesce(company_ltv.total_ltv, 0) as total_ltv
    from companies
    left join company_ltv
        on companies.company_pk = company_ltv.company_pk
),

ranked_companies as (
    select
        contact_companies.contact_pk,
        contact_companies.company_pk,
        row_number() over (
            partition by contact_companies.contact_pk
            order by
                company_worth.total_ltv desc,
                company_worth.company_created_at asc nulls last,
                contact_companies.company_pk asc
        ) as company_rank
    from company_worth
    inner join contact_companies
        on company_worth.company_pk = contact_companies.company_pk
),

primary_companies as (
    select
        contact_pk,
        company_pk
    from ranked_companies
    where company_rank = 1
),

final as (
    select
        contacts.contact_pk,
        contacts.contact_name,
        contacts.contact_emails,
        contacts.contact_job_title,
        contacts.contact_phone,
        contacts.contact_created_at,
        contacts.contact_updated_at,
        contacts.is_marketable,
        contacts.all_contact_ids,
        contacts.all_company_pks,
        primary_companies.company_pk
    from contacts
    left join primary_companies
        on contacts.contact_pk = primary_companies.contact_pk
)

select * from final
