with

orders as (

    select * from {{ ref('stg_olist__orders') }}

),

placed as (

    select
        order_date,
        count(*) as orders
    from orders
    group by order_date

),

-- A day's orders count from the day after it for 7 and for 56 days: added on the day, taken away when they have run out.
events as (

    select
        order_date as date,
        orders as week,
        orders as eight_weeks
    from placed
    union all
    select
        {{ add_days(7, 'order_date') }} as date,
        -orders as week,
        0 as eight_weeks
    from placed
    union all
    select
        {{ add_days(56, 'order_date') }} as date,
        0 as week,
        -orders as eight_weeks
    from placed

),

daily as (

    select
        date,
        sum(week) as week,
        sum(eight_weeks) as eight_weeks
    from events
    group by date

),

surge as (

    select
        date,
        {{ whole(sum_before('week', 'date')) }} as orders_of_week,
        {{ whole(sum_before('eight_weeks', 'date')) }} as orders_of_eight_weeks
    from daily

)

select * from surge
