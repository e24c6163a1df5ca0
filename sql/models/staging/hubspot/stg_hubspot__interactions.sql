with engagement as (

    {{ source_columns('hubspot', 'engagement', [
        ('id', 'varchar'),
        ('type', 'varchar'),
        ('_fivetran_deleted', 'boolean'),
    ]) }}

),

engagement_contact as (

    {{ source_columns('hubspot', 'engagement_contact', [
        ('engagement_id', 'varchar'),
        ('contact_id', 'varchar'),
        ('_fivetran_deleted', 'boolean'),
    ]) }}

),

engagement_email as (

    {{ source_columns('hubspot', 'engagement_email', [
        ('engagement_id', 'varchar'),
        ('property_hs_timestamp', 'timestamp'),
        ('property_hs_createdate', 'timestamp'),
        ('property_hs_email_subject', 'varchar'),
        ('property_hs_email_text', 'varchar'),
        ('_fivetran_deleted', 'boolean'),
    ]) }}

),

engagement_call as (

    {{ source_columns('hubspot', 'engagement_call', [
        ('engagement_id', 'varchar'),
        ('property_hs_timestamp', 'timestamp'),
        ('property_hs_createdate', 'timestamp'),
        ('property_hs_call_title', 'varchar'),
        ('property_hs_call_body', 'varchar'),
        ('_fivetran_deleted', 'boolean'),
    ]) }}

),

engagement_meeting as (

    {{ source_columns('hubspot', 'engagement_meeting', [
        ('engagement_id', 'varchar'),
        ('property_hs_timestamp', 'timestamp'),
        ('property_hs_createdate', 'timestamp'),
        ('property_hs_meeting_title', 'varchar'),
        ('property_hs_meeting_body', 'varchar'),
        ('start_time', 'timestamp'),
        ('title', 'varchar'),
        ('body', 'varchar'),
        ('_fivetran_deleted', 'boolean'),
    ]) }}

),

engagement_note as (

    {{ source_columns('hubspot', 'engagement_note', [
        ('engagement_id', 'varchar'),
        ('property_hs_timestamp', 'timestamp'),
        ('property_hs_createdate', 'timestamp'),
        ('property_hs_note_body', 'varchar'),
        ('property_hs_body_preview', 'varchar'),
        ('_fivetran_deleted', 'boolean'),
    ]) }}

),

email_event as (

    {{ source_columns('hubspot', 'email_event', [
        ('id', 'varchar'),
        ('type', 'varchar'),
        ('created', 'timestamp'),
        ('recipient', 'varchar'),
        ('filtered_event', 'boolean'),
        ('_fivetran_deleted', 'boolean'),
    ]) }}

),

email_event_click as (

    {{ source_columns('hubspot', 'email_event_click', [
        ('id', 'varchar'),
        ('url', 'varchar'),
    ]) }}

),

engagement_details as (

    select
        engagement_id,
        coalesce(property_hs_timestamp, property_hs_createdate)
            as interaction_ts,
        coalesce(property_hs_email_subject, property_hs_email_text)
            as interaction_details
    from engagement_email
    where {{ is_kept(['_fivetran_deleted']) }}
    union all
    select
        engagement_id,
        coalesce(property_hs_timestamp, property_hs_createdate)
            as interaction_ts,
        coalesce(property_hs_call_title, property_hs_call_body)
            as interaction_details
    from engagement_call
    where {{ is_kept(['_fivetran_deleted']) }}
    union all
    select
        engagement_id,
        coalesce(property_hs_timestamp, start_time, property_hs_createdate)
            as interaction_ts,
        coalesce(
            property_hs_meeting_title, title, property_hs_meeting_body, body
        ) as interaction_details
    from engagement_meeting
    where {{ is_kept(['_fivetran_deleted']) }}
    union all
    select
        engagement_id,
        coalesce(property_hs_timestamp, property_hs_createdate)
            as interaction_ts,
        coalesce(property_hs_note_body, property_hs_body_preview)
            as interaction_details
    from engagement_note
    where {{ is_kept(['_fivetran_deleted']) }}

),

engagements as (

    select
        id as engagement_id,
        case upper(type)
            when 'EMAIL' then 'Email Sent'
            when 'INCOMING_EMAIL' then 'Email Received'
            when 'CALL' then 'Call'
            when 'MEETING' then 'Meeting'
            when 'NOTE' then 'Note'
        end as interaction_type
    from engagement
    where {{ is_kept(['_fivetran_deleted']) }}

),

engagement_contacts as (

    select
        engagement_id,
        contact_id
    from engagement_contact
    where {{ is_kept(['_fivetran_deleted']) }}

),

conversations as (

    select
        'hubspot-' || engagements.engagement_id
        || '-' || engagement_contacts.contact_id as interaction_id,
        'hubspot-' || engagement_contacts.contact_id as contact_id,
        engagements.interaction_type,
        engagement_details.interaction_ts,
        engagement_details.interaction_details
    from engagements
    inner join engagement_contacts
        on engagements.engagement_id = engagement_contacts.engagement_id
    inner join engagement_details
        on engagements.engagement_id = engagement_details.engagement_id
    where engagements.interaction_type is not null

),

-- HubSpot knows the reader of a marketing e-mail by address alone
marketing_emails as (

    select
        'hubspot-' || email_event.id as interaction_id,
        {{ normalise_email('email_event.recipient') }} as contact_id,
        case upper(email_event.type)
            when 'OPEN' then 'Marketing Email Open'
            when 'CLICK' then 'Marketing Email Click'
        end as interaction_type,
        email_event.created as interaction_ts,
        email_event_click.url as interaction_details
    from email_event
    left join email_event_click on email_event.id = email_event_click.id
    where
        upper(email_event.type) in ('OPEN', 'CLICK')
        and {{ is_kept([
            'email_event.filtered_event',
            'email_event._fivetran_deleted',
        ]) }}

),

final as (

    select * from conversations
    union all
    select * from marketing_emails

)

select
    interaction_id,
    contact_id,
    cast(null as varchar) as company_id,
    interaction_type,
    interaction_ts,
    interaction_details
from final
