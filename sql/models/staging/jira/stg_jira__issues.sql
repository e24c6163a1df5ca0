with issue as (

    {{ source_columns('jira', 'issue', [
        ('id', 'varchar'),
        ('key', 'varchar'),
        ('project', 'varchar'),
        ('issue_type', 'varchar'),
        ('status', 'varchar'),
        ('reporter', 'varchar'),
        ('summary', 'varchar'),
        ('created', 'timestamp'),
        ('resolved', 'timestamp'),
        ('_fivetran_deleted', 'boolean'),
    ]) }}

),

project as (

    {{ source_columns('jira', 'project', [
        ('id', 'varchar'),
        ('name', 'varchar'),
    ]) }}

),

status as (

    {{ source_columns('jira', 'status', [
        ('id', 'varchar'),
        ('name', 'varchar'),
    ]) }}

),

issue_type as (

    {{ source_columns('jira', 'issue_type', [
        ('id', 'varchar'),
        ('name', 'varchar'),
    ]) }}

),

reporter as (

    {{ source_columns('jira', 'user', [
        ('id', 'varchar'),
        ('email', 'varchar'),
    ]) }}

)

-- Jira knows a company by its project's name, a contact by the reporter's
-- address
select
    'jira-' || issue.id as issue_id,
    issue.key as issue_key,
    project.name as company_id,
    {{ normalise_email('reporter.email') }} as contact_id,
    issue_type.name as issue_type,
    status.name as issue_status,
    issue.summary as issue_summary,
    issue.created as issue_created_at,
    issue.resolved as issue_resolved_at
from issue
left join project on issue.project = project.id
left join status on issue.status = status.id
left join issue_type on issue.issue_type = issue_type.id
left join reporter on issue.reporter = reporter.id
where {{ is_kept(['issue._fivetran_deleted']) }}
