-- A person's orders and purchases are numbered from 1 to how many there are, in order of time. Returns the people of whom not.
{{ config(meta={'kind': 'business_rule'}) }}

with

orders as (

    select
        *,
        lag(purchased_at) over (partition by customer_key order by customer_order_number asc) as purchased_before
    from {{ ref('fact_orders') }}

)

select customer_key
from orders
group by customer_key
having
    min(customer_order_number) <> 1
    or max(customer_order_number) <> count(*)
    or max(customer_purchase_number) <> count(customer_purchase_number)
    or max(case when purchased_at < purchased_before then 1 else 0 end) = 1
