{{ config(materialized='table') }}

with contacts as (

    select
        contact_id,
        unnest(contact_emails) as email
    from {{ ref('int_contacts__deduplicated') }}

),

shared_emails as (

    select {{ clean_text('pattern') }} as pattern
    from {{ ref('shared_emails') }}

),

addresses as (

    select distinct
        contact_id,
        {{ normalise_email('email') }} as email
    from contacts

),

shared as (

    select distinct addresses.email
    from shared_emails
    inner join addresses on addresses.email like shared_emails.pattern

),

final as (

    select
        addresses.contact_id,
        addresses.email
    from addresses
    left join shared on addresses.email = shared.email
    where
        addresses.email is not null
        and shared.email is null

)

select
    contact_id,
    email
from final
