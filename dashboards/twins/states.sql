-- A state stands out for its problems only with 500 judged orders or more: Roraima has 46 in all.
with

orders as (

    select
        orders.customer_state,
        coalesce(sum(orders.order_value) filter (where orders.is_revenue), 0) as revenue,
        count(orders.had_problem) as judged_orders,
        count(*) filter (where orders.had_problem) as problem_orders,
        count(orders.is_on_time) as known_deliveries,
        count(*) filter (where orders.is_on_time) as on_time_orders
    from gold.fact_orders as orders
    {% if 'sellers' in used %}left join gold.dim_sellers as sellers on orders.seller_key = sellers.seller_key{% endif %}
    where {{ condition }}
    group by orders.customer_state

),

states as (

    select
        orders.*,
        regions.state_name,
        regions.region
    from orders
    left join gold.agg_regions as regions on orders.customer_state = regions.state

),

troubled as (

    select
        state_name,
        problem_orders::numeric / judged_orders as problem_rate
    from states
    where judged_orders >= 500
    order by problem_rate desc, state_name asc
    limit 1

),

regions as (

    select
        region,
        sum(on_time_orders) / sum(known_deliveries) as on_time_rate
    from states
    group by region
    having sum(known_deliveries) > 0
    order by on_time_rate asc, region asc
    limit 1

)

select
    null as dimension,
    (array_agg(states.state_name order by states.revenue desc, states.state_name asc))[1] as leading_state,
    max(states.revenue) / nullif(sum(states.revenue), 0) as leading_state_share,
    (select state_name from troubled) as troubled_state,
    (select problem_rate from troubled) as troubled_state_problem_rate,
    (select region from regions) as latest_region,
    (select on_time_rate from regions) as latest_region_on_time_rate
from states
