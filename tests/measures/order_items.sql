create or replace temp table line as
select
    cast(i.price as decimal(18, 2)) + cast(i.freight_value as decimal(18, 2)) as paid,
    i.seller_id,
    o.order_status not in ('canceled', 'unavailable') as sold,
    cast(o.order_delivered_carrier_date as timestamp) as handed_at,
    cast(i.shipping_limit_date as timestamp) as due_at,
    cast(cast(o.order_purchase_timestamp as timestamp) as date) as bought_on,
    c.customer_state as uf
from read_csv(getvariable('csv') || '/olist_order_items_dataset.csv', header = true, all_varchar = true) as i
join read_csv(getvariable('csv') || '/olist_orders_dataset.csv', header = true, all_varchar = true) as o using (order_id)
join read_csv(getvariable('csv') || '/olist_customers_dataset.csv', header = true, all_varchar = true) as c using (customer_id);

select
    {cut} as cut,
    sum(case when sold then paid else 0 end) as sales,
    count(distinct case when sold then seller_id end) as active_sellers,
    count(handed_at) as handed_over_items,
    sum(case when handed_at <= due_at then 1 else 0 end) as items_handed_over_on_time,
    sum(case when handed_at <= due_at then 1 else 0 end) / nullif(count(handed_at), 0) as handover_on_time_rate
from line
group by 1
