-- What was delivered was paid. A warning: a few orders of the source are paid a little short, and one not at all. Returns the delivered
-- orders whose payments fall more than 1 BRL short of what they are worth.
{{ config(meta={'kind': 'business_rule'}, severity='warn', warn_if='> 20') }}

select *
from {{ ref('fact_orders') }}
where is_delivered and payment_value < order_value - 1
