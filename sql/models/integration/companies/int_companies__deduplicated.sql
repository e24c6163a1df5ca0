{{ config(materialized='table') }}

{{ latest_version(
    ref('int_companies__unioned'), 'companies', 'company_updated_at'
) }}
