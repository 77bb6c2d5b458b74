select
    reviews.review_id,
    reviews.order_id,
    reviews.order_date,
    orders.customer_state,
    sellers.seller_id,
    reviews.review_score,
    reviews.answered_at
from gold.fact_reviews as reviews
left join gold.fact_orders as orders on reviews.order_id = orders.order_id
left join gold.dim_sellers as sellers on reviews.seller_key = sellers.seller_key
where {{ condition }}
order by reviews.answered_at desc, reviews.review_id asc, reviews.order_id asc
