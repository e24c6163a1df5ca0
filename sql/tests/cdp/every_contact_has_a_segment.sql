-- contact_segments_xa has the contacts of contacts_dim, and no others.
select
    contacts.contact_pk as contact_pk,
    segments.contact_pk as segment_contact_pk
from {{ ref('contacts_dim') }} as contacts
full outer join {{ ref('contact_segments_xa') }} as segments
    on contacts.contact_pk = segments.contact_pk
where contacts.contact_pk is null or segments.contact_pk is null
