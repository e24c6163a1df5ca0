with time_entries as (

    {{ source_columns('harvest', 'time_entries', [
        ('id', 'varchar'),
        ('client_id', 'varchar'),
        ('project_id', 'varchar'),
        ('user_id', 'varchar'),
        ('spent_date', 'timestamp'),
        ('hours', 'double'),
        ('billable', 'boolean'),
        ('cost_rate', 'decimal(18,2)'),
        ('_sdc_batched_at', 'timestamp'),
    ]) }}

),

users as (

    {{ source_columns('harvest', 'users', [
        ('id', 'varchar'),
        ('first_name', 'varchar'),
        ('last_name', 'varchar'),
        ('cost_rate', 'decimal(18,2)'),
        ('_sdc_batched_at', 'timestamp'),
    ]) }}

),

clients as (

    {{ source_columns('harvest', 'clients', [
        ('id', 'varchar'),
        ('currency', 'varchar'),
        ('_sdc_batched_at', 'timestamp'),
    ]) }}

),

projects as (

    {{ source_columns('harvest', 'projects', [
        ('id', 'varchar'),
        ('client_id', 'varchar'),
        ('_sdc_batched_at', 'timestamp'),
    ]) }}

),

latest_entries as (

    select *
    from time_entries
    {{ last_batch('id') }}

),

latest_users as (

    select
        id,
        {{ full_name('first_name', 'last_name') }} as user_name,
        cost_rate
    from users
    qualify row_number() over (
        partition by id
        order by
            _sdc_batched_at desc nulls last,
            cost_rate desc nulls last,
            first_name desc nulls last,
            last_name desc nulls last
    ) = 1

),

latest_clients as (

    select
        id,
        upper(currency) as currency
    from clients
    qualify row_number() over (
        partition by id
        order by
            _sdc_batched_at desc nulls last,
            currency desc nulls last
    ) = 1

),

latest_projects as (

    select
        id,
        client_id
    from projects
    qualify row_number() over (
        partition by id
        order by
            _sdc_batched_at desc nulls last,
            client_id desc nulls last
    ) = 1

)

select
    'harvest-' || latest_entries.id as timesheet_id,
    'harvest-' || latest_entries.project_id as project_id,
    latest_users.user_name,
    cast(latest_entries.spent_date as date) as billing_date,
    latest_entries.hours,
    latest_entries.billable as is_billable,
    coalesce(latest_entries.cost_rate, latest_users.cost_rate)
        as hourly_cost_rate,
    latest_clients.currency
from latest_entries
left join latest_users on latest_entries.user_id = latest_users.id
left join latest_projects on latest_entries.project_id = latest_projects.id
left join latest_clients
    on
        coalesce(latest_entries.client_id, latest_projects.client_id)
        = latest_clients.id
