-- contact_audiences_xa has each address of each contact once.
with

addresses as (
    select
        contact_pk,
        unnest(contact_emails) as email
    from {{ ref('contacts_dim') }}
),

audiences as (
    select
        contact_pk,
        email
    from {{ ref('contact_audiences_xa') }}
)

select
    addresses.contact_pk as contact_pk,
    addresses.email as email,
    audiences.email as audience_email
from addresses
full outer join audiences
    on
        addresses.contact_pk = audiences.contact_pk
        and addresses.email = audiences.email
where addresses.email is null or audiences.email is null
