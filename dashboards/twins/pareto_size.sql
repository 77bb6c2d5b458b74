-- How many sellers it takes, those with most problems first, until half of all are theirs.
with

problems as (

    select
        orders.seller_key,
        count(*) as problem_orders
    from gold.fact_orders as orders
    inner join gold.dim_sellers as sellers on orders.seller_key = sellers.seller_key
    where orders.had_problem and not sellers.is_special_member and {{ condition }}
    group by orders.seller_key

),

shares as (

    select
        problem_orders,
        sum(problem_orders) over (order by problem_orders desc, seller_key asc) - problem_orders as others,
        sum(problem_orders) over () as everybodys
    from problems

)

select
    null as dimension,
    count(*) filter (where 2 * others < everybodys) as sellers_of_half_the_problems,
    count(*) as sellers_with_problems
from shares
