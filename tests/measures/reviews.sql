select
    {cut} as cut,
    count(*) as reviews,
    avg(stars) as average_review_score,
    sum(case when stars = 5 then 1 else 0 end) as promoters,
    sum(case when stars < 4 then 1 else 0 end) as detractors,
    sum(case when stars < 3 then 1 else 0 end) as bad_reviews,
    avg(case when stars < 3 then 1.0 else 0 end) as bad_review_share,
    avg(case when stars = 5 then 100.0 when stars < 4 then -100 else 0 end) as net_promoter_score
from (
    select
        cast(r.review_score as integer) as stars,
        cast(cast(o.order_purchase_timestamp as timestamp) as date) as bought_on,
        c.customer_state as uf
    from read_csv(getvariable('csv') || '/olist_order_reviews_dataset.csv', header = true, all_varchar = true) as r
    join read_csv(getvariable('csv') || '/olist_orders_dataset.csv', header = true, all_varchar = true) as o using (order_id)
    join read_csv(getvariable('csv') || '/olist_customers_dataset.csv', header = true, all_varchar = true) as c using (customer_id)
)
group by 1
