-- Order by order, fact_orders holds what fact_reviews says. Returns the orders that differ.
{{ config(meta={'kind': 'reconciliation'}) }}

with

orders as (

    select * from {{ ref('fact_orders') }}

),

reviews as (

    select
        order_id,
        count(*) as reviews,
        round(cast(avg(review_score) as numeric), 2) as review_score,
        max(case when is_bad_review then 1 else 0 end) as bad_reviews
    from {{ ref('fact_reviews') }}
    group by order_id

)

select orders.*
from orders
left join reviews on orders.order_id = reviews.order_id
where
    orders.reviews <> coalesce(reviews.reviews, 0)
    or coalesce(orders.review_score, 0) <> coalesce(reviews.review_score, 0)
    or (orders.was_badly_reviewed is null) <> (reviews.order_id is null)
    or orders.was_badly_reviewed <> (reviews.bad_reviews = 1)
