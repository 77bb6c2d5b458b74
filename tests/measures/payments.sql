select
    {cut} as cut,
    count(*) as payments,
    sum(cast(payment_value as decimal(18, 2))) as payment_value,
    avg(cast(payment_installments as integer)) as average_installments
from (
    select p.*, cast(cast(o.order_purchase_timestamp as timestamp) as date) as bought_on, c.customer_state as uf
    from read_csv(getvariable('csv') || '/olist_order_payments_dataset.csv', header = true, all_varchar = true) as p
    join read_csv(getvariable('csv') || '/olist_orders_dataset.csv', header = true, all_varchar = true) as o using (order_id)
    join read_csv(getvariable('csv') || '/olist_customers_dataset.csv', header = true, all_varchar = true) as c using (customer_id)
)
group by 1
