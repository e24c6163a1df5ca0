-- Whoever may not be written to is in no audience.
select
    email,
    audiences
from {{ ref('contact_audiences_xa') }}
where not is_marketable and array_length(audiences) > 0
