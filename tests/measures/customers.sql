create or replace temp table bill as
select order_id, sum(cast(price as decimal(18, 2)) + cast(freight_value as decimal(18, 2))) as paid
from read_csv(getvariable('csv') || '/olist_order_items_dataset.csv', header = true, all_varchar = true)
group by order_id;

create or replace temp table person as
select
    c.customer_unique_id,
    count(*) as times,
    min(cast(cast(o.order_purchase_timestamp as timestamp) as date)) as bought_on,
    sum(coalesce(b.paid, 0)) as spent
from read_csv(getvariable('csv') || '/olist_orders_dataset.csv', header = true, all_varchar = true) as o
join read_csv(getvariable('csv') || '/olist_customers_dataset.csv', header = true, all_varchar = true) as c using (customer_id)
left join bill as b using (order_id)
where o.order_status <> 'canceled' and o.order_status <> 'unavailable'
group by c.customer_unique_id;

select
    {cut} as cut,
    count(*) as people_who_bought,
    sum(case when times >= 2 then 1 else 0 end) as people_who_came_back,
    avg(case when times >= 2 then 1.0 else 0 end) as repeat_purchase_rate,
    avg(case when times >= 2 then 0.0 else 1 end) as one_time_share,
    sum(spent) as customer_revenue,
    sum(spent)::double / count(*) as revenue_per_customer
from person
group by 1
