select
    {{ dimension }} as dimension,
    sum(products.reviews) as product_reviews,
    sum(products.negative_reviews) as product_complaints,
    sum(products.negative_reviews)::numeric / nullif(sum(products.reviews), 0) as product_complaint_share
from gold.agg_product_performance as products
where {{ condition }}
{{ grouping }}
