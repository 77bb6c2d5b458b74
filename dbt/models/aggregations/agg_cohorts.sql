with

orders as (

    select * from {{ ref('fact_orders') }}

),

people as (

    select * from {{ ref('dim_customers') }}

),

purchases as (

    select
        {{ first_day('month', 'people.first_purchase_date') }} as cohort_month,
        {{ first_day('month', 'orders.order_date') }} as order_month,
        orders.customer_key,
        orders.order_value
    from orders
    inner join people on orders.customer_key = people.customer_key
    where orders.is_revenue

),

months as (

    select
        cohort_month,
        order_month,
        {{ whole('count(distinct customer_key)') }} as customers,
        {{ whole('count(*)') }} as orders,
        {{ money('sum(order_value)', 14) }} as revenue
    from purchases
    group by cohort_month, order_month

),

cohorts as (

    select
        cohort_month,
        order_month,
        {{ whole(dbt.datediff('cohort_month', 'order_month', 'month')) }} as months_since_first,
        {{ whole('first_value(customers) over (partition by cohort_month order by order_month asc)') }} as cohort_customers,
        customers,
        {{ ratio('customers', 'first_value(customers) over (partition by cohort_month order by order_month asc)') }} as retention,
        orders,
        revenue
    from months

)

select * from cohorts
