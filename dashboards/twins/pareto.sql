-- Orders of several sellers have no single one to blame and stay out; sellers with equally many share their place.
with

problems as (

    select
        {{ dimension }} as dimension,
        count(*) as seller_problem_orders
    from gold.fact_orders as orders
    inner join gold.dim_sellers as sellers on orders.seller_key = sellers.seller_key
    where orders.had_problem and not sellers.is_special_member and {{ condition }}
    {{ grouping }}

)

select
    dimension,
    seller_problem_orders as seller_problem_orders,
    sum(seller_problem_orders) over (order by seller_problem_orders desc)
    / nullif(sum(seller_problem_orders) over (), 0) as problem_cumulative_share
from problems
