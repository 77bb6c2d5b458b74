-- A category stands out only with 1,000 reviews or more; products of no category are no finding.
with

categories as (

    select
        products.category,
        sum(products.negative_reviews)::numeric / sum(products.reviews) as complaint_share
    from gold.agg_product_performance as products
    where products.category <> 'unknown' and {{ condition }}
    group by products.category
    having sum(products.reviews) >= 1000

)

select
    null as dimension,
    (array_agg(categories.category order by categories.complaint_share desc, categories.category asc))[1] as troubled_category,
    max(categories.complaint_share) as troubled_category_complaint_share
from categories
