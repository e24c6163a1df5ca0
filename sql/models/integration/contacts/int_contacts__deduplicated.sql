{{ config(materialized='table') }}

{{ latest_version(
    ref('int_contacts__unioned'), 'contacts', 'contact_updated_at'
) }}
