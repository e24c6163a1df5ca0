{% snapshot contact_segments_snapshot %}

{{ config(
    schema='cdp',
    unique_key='contact_pk',
    strategy='check',
    check_cols=['contact_segment'],
    updated_at='measured_at',
    hard_deletes='invalidate'
) }}

select
    contact_pk,
    contact_name,
    contact_segment,
    segment_value,
    {{ as_of() }} as measured_at
from {{ ref('contact_segments_xa') }}

{% endsnapshot %}
