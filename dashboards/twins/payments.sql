select
    {{ dimension }} as dimension,
    count(*) as payments,
    sum(payments.payment_value) as payment_value,
    avg(payments.installments) as average_installments
from gold.fact_payments as payments
{% if 'orders' in used %}left join gold.fact_orders as orders on payments.order_id = orders.order_id{% endif %}
where {{ condition }}
{{ grouping }}
