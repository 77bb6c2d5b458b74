-- Orders straight from the CSVs. Money is cast from text with a decimal point; a person is a customer_unique_id.
create or replace temp table basket as
select order_id, count(*) as units, sum(cast(price as decimal(18, 2))) as goods, sum(cast(freight_value as decimal(18, 2))) as freight
from read_csv(getvariable('csv') || '/olist_order_items_dataset.csv', header = true, all_varchar = true)
group by order_id;

create or replace temp table opinion as
select order_id, min(cast(review_score as integer)) as worst
from read_csv(getvariable('csv') || '/olist_order_reviews_dataset.csv', header = true, all_varchar = true)
group by order_id;

create or replace temp table sale as
select
    o.order_id,
    c.customer_unique_id as person,
    c.customer_state as uf,
    o.order_status as status,
    o.order_status not in ('canceled', 'unavailable') as sold,
    cast(o.order_purchase_timestamp as timestamp) as bought_at,
    cast(cast(o.order_purchase_timestamp as timestamp) as date) as bought_on,
    case when o.order_status = 'delivered' then cast(cast(o.order_delivered_customer_date as timestamp) as date) end as came_on,
    cast(cast(o.order_estimated_delivery_date as timestamp) as date) as promised_on,
    coalesce(b.units, 0) as units,
    coalesce(b.goods, 0) as goods,
    coalesce(b.freight, 0) as freight,
    p.worst
from read_csv(getvariable('csv') || '/olist_orders_dataset.csv', header = true, all_varchar = true) as o
join read_csv(getvariable('csv') || '/olist_customers_dataset.csv', header = true, all_varchar = true) as c using (customer_id)
left join basket as b using (order_id)
left join opinion as p using (order_id);

create or replace temp table nth as
select order_id, row_number() over (partition by person order by bought_at, order_id) = 1 as is_first
from sale
where sold;

select
    {cut} as cut,
    count(*) as placed_orders,
    sum(case when sold then 1 else 0 end) as orders,
    sum(case when status = 'canceled' then 1 else 0 end) as canceled_orders,
    sum(case when status = 'canceled' then 1 else 0 end) / count(*) as cancellation_rate,
    sum(case when sold then goods + freight else 0 end) as revenue,
    sum(case when sold then goods else 0 end) as item_value,
    sum(case when sold then freight else 0 end) as freight_value,
    sum(case when sold then units else 0 end) as items,
    sum(case when sold then goods + freight end)::double / nullif(sum(case when sold then 1 else 0 end), 0) as average_order_value,
    sum(case when sold then freight end)::double / nullif(sum(case when sold then goods + freight end), 0) as freight_share,
    count(distinct case when sold then person end) as buyers,
    sum(case when is_first then 1 else 0 end) as new_buyers,
    count(distinct case when sold then person end) - sum(case when is_first then 1 else 0 end) as returning_buyers,
    sum(case when status = 'delivered' then 1 else 0 end) as delivered_orders,
    count(came_on) as orders_of_known_delivery,
    sum(case when came_on <= promised_on then 1 else 0 end) as on_time_orders,
    sum(case when came_on > promised_on then 1 else 0 end) as late_orders,
    sum(case when came_on <= promised_on then 1 else 0 end) / nullif(count(came_on), 0) as on_time_rate,
    avg(came_on - bought_on) as average_delivery_days,
    sum(case when came_on is not null or worst is not null then 1 else 0 end) as judged_orders,
    sum(case when came_on > promised_on or worst <= 2 then 1 else 0 end) as problem_orders,
    sum(case when came_on > promised_on or worst <= 2 then 1 else 0 end)
    / nullif(sum(case when came_on is not null or worst is not null then 1 else 0 end), 0) as problem_rate,
    max(bought_at) as last_order_at
from sale
left join nth using (order_id)
group by 1
