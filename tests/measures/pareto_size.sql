-- Sellers by the problem orders that are theirs alone.
with alone as (
    select order_id, any_value(seller_id) as seller_id
    from read_csv(getvariable('csv') || '/olist_order_items_dataset.csv', header = true, all_varchar = true)
    group by order_id
    having count(distinct seller_id) = 1
),

worst as (
    select order_id, min(cast(review_score as integer)) as stars
    from read_csv(getvariable('csv') || '/olist_order_reviews_dataset.csv', header = true, all_varchar = true)
    group by order_id
),

blamed as (
    select a.seller_id, count(*) as problems
    from read_csv(getvariable('csv') || '/olist_orders_dataset.csv', header = true, all_varchar = true) as o
    join alone as a using (order_id)
    left join worst as w using (order_id)
    where
        coalesce(w.stars <= 2, false)
        or coalesce(
            o.order_status = 'delivered'
            and cast(cast(o.order_delivered_customer_date as timestamp) as date)
            > cast(cast(o.order_estimated_delivery_date as timestamp) as date),
            false
        )
    group by a.seller_id
),

running as (
    select problems, sum(problems) over (order by problems desc, seller_id rows unbounded preceding) as so_far from blamed
)

select
    {cut} as cut,
    1 + count(*) filter (where so_far < (select sum(problems) from blamed) / 2) as sellers_of_half_the_problems,
    count(*) as sellers_with_problems
from running
group by 1
