with contacts as (

    select contact_id from {{ ref('int_contacts__deduplicated') }}

),

emails as (

    select * from {{ ref('int_contacts__emails') }}

),

merges as (

    select * from {{ ref('int_contact_merges__unioned') }}

),

merge_list as (

    select
        {{ clean_text('contact_id') }} as contact_id,
        {{ clean_text('merge_into_contact_id') }} as matched_contact_id
    from {{ ref('contact_merge_list') }}

),

alone as (

    select
        contact_id,
        cast(null as varchar) as matched_contact_id
    from contacts

),

same_email as (

    select
        contact_id,
        min(contact_id) over (partition by email) as matched_contact_id
    from emails

),

same_at_the_source as (

    select
        contacts.contact_id,
        merges.merged_contact_id as matched_contact_id
    from merges
    inner join contacts on merges.contact_id = contacts.contact_id

),

known as (

    select contact_id from contacts
    union
    select matched_contact_id as contact_id from same_at_the_source

),

same_by_hand as (

    select
        merge_list.contact_id,
        merge_list.matched_contact_id
    from merge_list
    inner join known on merge_list.contact_id = known.contact_id
    inner join known as merged_into
        on merge_list.matched_contact_id = merged_into.contact_id

),

final as (

    select contact_id, matched_contact_id from alone
    union all
    select contact_id, matched_contact_id from same_email
    union all
    select contact_id, matched_contact_id from same_at_the_source
    union all
    select contact_id, matched_contact_id from same_by_hand

)

select
    contact_id,
    matched_contact_id
from final
