with

orders as (

    select * from {{ ref('fact_orders') }}

),

buckets as (

    select
        {{ first_day('month', 'order_date') }} as month,
        punctuality,
        {{ whole('count(*)') }} as orders,
        {{ count_if('is_on_time') }} as on_time_orders,
        {{ count_if('not is_on_time') }} as late_orders,
        {{ ratio('count(*)', 'sum(count(*)) over (partition by ' ~ first_day('month', 'order_date') ~ ')') }} as order_share,
        {{ money('sum(order_value)', 14) }} as order_value,
        {{ mean('delivery_delay_days') }} as average_delay_days,
        {{ mean('delivery_days') }} as average_delivery_days,
        {{ mean('promised_days') }} as average_promised_days,
        {{ mean('review_score') }} as average_review_score
    from orders
    group by {{ first_day('month', 'order_date') }}, punctuality

),

sorted as (

    select
        buckets.*,
        case buckets.punctuality
            when 'early_over_a_week' then 1
            when 'early' then 2
            when 'on_the_day' then 3
            when 'late' then 4
            when 'late_over_a_week' then 5
            when 'unknown' then 6
            when 'not_delivered' then 7
        end as punctuality_order
    from buckets

)

select * from sorted
