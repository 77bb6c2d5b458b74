select
    {cut} as cut,
    count(*) as product_reviews,
    sum(case when stars in (1, 2) then 1 else 0 end) as product_complaints,
    avg(case when stars in (1, 2) then 1.0 else 0 end) as product_complaint_share
from (
    select distinct r.review_id, r.order_id, i.product_id, cast(r.review_score as integer) as stars
    from read_csv(getvariable('csv') || '/olist_order_reviews_dataset.csv', header = true, all_varchar = true) as r
    join read_csv(getvariable('csv') || '/olist_order_items_dataset.csv', header = true, all_varchar = true) as i using (order_id)
)
group by 1
