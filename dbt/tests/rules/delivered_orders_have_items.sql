-- An order without items is one that was never sent. A warning: silver may have rejected an item within its tolerance. Returns the
-- delivered orders without any.
{{ config(meta={'kind': 'business_rule'}, severity='warn') }}

select *
from {{ ref('fact_orders') }}
where is_delivered and items = 0
