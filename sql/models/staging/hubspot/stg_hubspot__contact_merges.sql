with source as (

    {{ source_columns('hubspot', 'contact', [
        ('id', 'varchar'),
        ('property_hs_merged_object_ids', 'varchar'),
        ('is_deleted', 'boolean'),
        ('_fivetran_deleted', 'boolean'),
    ]) }}

),

merged as (

    select
        'hubspot-' || id as contact_id,
        {{ clean_list(
            "string_to_array(property_hs_merged_object_ids, ';')", 'hubspot-'
        ) }}
            as merged_contact_ids
    from source
    where {{ is_kept(['is_deleted', '_fivetran_deleted']) }}

),

pairs as (

    select
        contact_id,
        unnest(merged_contact_ids) as merged_contact_id
    from merged

)

select distinct
    contact_id,
    merged_contact_id
from pairs
where merged_contact_id is not null
