-- Compared with the same days of the month before, and of the year before: also with days outside the period, as DAX's time intelligence
-- does.
-- A month that is shown to its end is compared with months to their end. Months without orders have no revenue, not one of 0.
with

daily as (

    select
        orders.order_date,
        sum(case when orders.is_revenue then orders.order_value else 0 end) as revenue
    from gold.fact_orders as orders
    {% if 'sellers' in used %}left join gold.dim_sellers as sellers on orders.seller_key = sellers.seller_key{% endif %}
    where {{ elsewhere }}
    group by 1

),

span as (

    select
        min(order_date) as first_day,
        max(order_date) as last_day
    from daily

),

months as (

    select
        days.month_start_date as month,
        min(days.date) as first_day,
        max(days.date) as last_day,
        max(days.date) = days.month_start_date + interval '1 month' - interval '1 day' as is_to_the_end
    from gold.dim_date as days
    inner join span on days.month_start_date between date_trunc('month', span.first_day) and span.last_day
    where {{ period }}
    group by days.month_start_date

),

compared as (

    select
        months.month,
        shifts.months_back,
        sum(daily.revenue) as revenue
    from months
    cross join (values (0), (1), (12)) as shifts (months_back)
    left join daily
    on
        daily.order_date >= months.first_day - shifts.months_back * interval '1 month'
        and daily.order_date < case
            when months.is_to_the_end then months.month + (1 - shifts.months_back) * interval '1 month'
            else months.last_day - shifts.months_back * interval '1 month' + interval '1 day'
        end
    group by months.month, shifts.months_back

),

side_by_side as (

    select
        month,
        max(revenue) filter (where months_back = 0) as revenue,
        nullif(max(revenue) filter (where months_back = 1), 0) as month_before,
        nullif(max(revenue) filter (where months_back = 12), 0) as year_before
    from compared
    group by month

)

select
    month as dimension,
    revenue - month_before as revenue_change,
    (revenue - month_before) / month_before as revenue_growth,
    year_before as revenue_year_before,
    1.2 * year_before as revenue_target
from side_by_side
