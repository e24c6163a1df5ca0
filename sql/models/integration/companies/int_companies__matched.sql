with companies as (

    select
        company_id,
        {{ normalise_company_name('company_name') }} as normalised_name
    from {{ ref('int_companies__deduplicated') }}

),

merge_list as (

    select
        {{ clean_text('company_id') }} as company_id,
        {{ clean_text('merge_into_company_id') }} as matched_company_id
    from {{ ref('company_merge_list') }}

),

same_name as (

    select
        company_id,
        case
            when normalised_name is not null
                then min(company_id) over (partition by normalised_name)
        end as matched_company_id
    from companies

),

same_by_hand as (

    select
        merge_list.company_id,
        merge_list.matched_company_id
    from merge_list
    inner join companies on merge_list.company_id = companies.company_id
    inner join companies as merged_into
        on merge_list.matched_company_id = merged_into.company_id

),

final as (

    select company_id, matched_company_id from same_name
    union all
    select company_id, matched_company_id from same_by_hand

)

select
    company_id,
    matched_company_id
from final
