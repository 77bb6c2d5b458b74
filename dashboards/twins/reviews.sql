select
    {{ dimension }} as dimension,
    count(*) as reviews,
    avg(reviews.review_score) as average_review_score,
    count(*) filter (where reviews.review_class = 'promoter') as promoters,
    count(*) filter (where reviews.review_class = 'detractor') as detractors,
    count(*) filter (where reviews.is_bad_review) as bad_reviews,
    count(*) filter (where reviews.is_bad_review)::numeric / nullif(count(*), 0) as bad_review_share,
    100.0 * (
        count(*) filter (where reviews.review_class = 'promoter') - count(*) filter (where reviews.review_class = 'detractor')
    ) / nullif(count(*), 0) as net_promoter_score
from gold.fact_reviews as reviews
{% if 'orders' in used %}left join gold.fact_orders as orders on reviews.order_id = orders.order_id{% endif %}
{% if 'sellers' in used %}left join gold.dim_sellers as sellers on reviews.seller_key = sellers.seller_key{% endif %}
where {{ condition }}
{{ grouping }}
