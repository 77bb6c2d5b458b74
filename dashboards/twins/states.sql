-- A state stands out for its problems only with 500 judged orders or more: Roraima has 46 in all.
with

cut as (

    select
        states.state_name,
        states.region,
        orders.*
    from gold.fact_orders as orders
    left join gold.agg_regions as states on orders.customer_state = states.state
    left join gold.dim_sellers as sellers on orders.seller_key = sellers.seller_key
    where {{ condition }}

),

states as (

    select
        state_name,
        coalesce(sum(order_value) filter (where is_revenue), 0) as revenue,
        count(had_problem) as judged_orders,
        count(*) filter (where had_problem)::numeric / nullif(count(had_problem), 0) as problem_rate
    from cut
    group by state_name

),

troubled as (

    select * from states
    where judged_orders >= 500
    order by problem_rate desc, state_name asc
    limit 1

),

regions as (

    select
        region,
        count(*) filter (where is_on_time)::numeric / nullif(count(is_on_time), 0) as on_time_rate
    from cut
    group by region
    having count(is_on_time) > 0
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
