-- The rows of the merge lists that link nothing, for an id of theirs is
-- nobody's.
{{ config(severity='warn') }}

with company_merge_list as (

    select
        {{ clean_text('company_id') }} as merged_id,
        {{ clean_text('merge_into_company_id') }} as merged_into_id
    from {{ ref('company_merge_list') }}

),

contact_merge_list as (

    select
        {{ clean_text('contact_id') }} as merged_id,
        {{ clean_text('merge_into_contact_id') }} as merged_into_id
    from {{ ref('contact_merge_list') }}

),

merges as (

    select 'company_merge_list' as merge_list, merged_id, merged_into_id
    from company_merge_list
    union all
    select 'contact_merge_list' as merge_list, merged_id, merged_into_id
    from contact_merge_list

),

known_ids as (

    select 'company_merge_list' as merge_list, company_id as known_id
    from {{ ref('int_company_id_map') }}
    union all
    select 'contact_merge_list' as merge_list, contact_id as known_id
    from {{ ref('int_contact_id_map') }}

)

select
    merges.merge_list,
    merges.merged_id,
    merges.merged_into_id
from merges
left join known_ids as known
    on
        merges.merge_list = known.merge_list
        and merges.merged_id = known.known_id
left join known_ids as known_into
    on
        merges.merge_list = known_into.merge_list
        and merges.merged_into_id = known_into.known_id
where
    known.known_id is null
    or known_into.known_id is null
