-- Every page view and every visit by e-mail in the history is counted for
-- one contact.
with

history as (
    select
        count(*) as n_contacts,
        coalesce(sum(page_views), 0) as page_views,
        coalesce(sum(email_visits), 0) as email_visits
    from (
        select
            contact_pk,
            count(case when event_type = 'Page View' then 1 end)
                as page_views,
            count(case when is_from_email then 1 end) as email_visits
        from {{ ref('contact_web_event_history') }}
        group by contact_pk
    ) as contacts
),

interests as (
    select
        count(*) as n_contacts,
        coalesce(sum(page_views), 0) as page_views,
        coalesce(sum(email_visits), 0) as email_visits
    from {{ ref('contact_web_interests_xa') }}
)

select
    history.page_views as page_views_in_history,
    interests.page_views as page_views_counted,
    history.email_visits as email_visits_in_history,
    interests.email_visits as email_visits_counted
from history
cross join interests
where
    history.n_contacts <> interests.n_contacts
    or history.page_views <> interests.page_views
    or history.email_visits <> interests.email_visits
