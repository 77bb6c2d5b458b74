with

orders as (

    select * from {{ ref('int_customer_orders') }}

),

deliveries as (

    select * from {{ ref('int_order_deliveries') }}

),

delivered as (

    select
        orders.state,
        deliveries.delivered_date,
        count(*) as deliveries,
        sum(case when deliveries.is_on_time then 0 else 1 end) as late
    from deliveries
    inner join orders on deliveries.order_id = orders.order_id
    where deliveries.is_on_time is not null
    group by orders.state, deliveries.delivered_date

),

-- A delivery counts from the day after it for 30 days: added on its day, taken away 30 days later.
events as (

    select
        state,
        delivered_date as date,
        deliveries,
        late
    from delivered
    union all
    select
        state,
        {{ add_days(30, 'delivered_date') }} as date,
        -deliveries as deliveries,
        -late as late
    from delivered
    union all
    select distinct
        state,
        order_date as date,
        0 as deliveries,
        0 as late
    from orders
    where order_id is not null

),

daily as (

    select
        state,
        date,
        sum(deliveries) as deliveries,
        sum(late) as late
    from events
    group by state, date

),

record as (

    select
        state,
        date,
        {{ whole(sum_before('deliveries', 'date', 'state')) }} as prior_deliveries,
        {{ whole(sum_before('late', 'date', 'state')) }} as prior_late_deliveries
    from daily

)

select * from record
