-- Sellers ranked by revenue never rank above one who made more, never belong to a better class than one above them, and the A sellers
-- together make at least 80 % of revenue. Returns the sellers, or the class, of which that is not so.
{{ config(meta={'kind': 'business_rule'}) }}

with

sellers as (

    select
        seller_id,
        revenue,
        pareto_class,
        lag(revenue) over (order by revenue_rank asc) as revenue_above,
        lag(pareto_class) over (order by revenue_rank asc) as class_above
    from {{ ref('agg_seller_performance') }}
    where revenue_rank is not null

)

select
    seller_id,
    revenue
from sellers
where
    revenue > revenue_above
    or pareto_class < class_above
union all
select
    'all of class A' as seller_id,
    sum(case when pareto_class = 'A' then revenue else 0 end) as revenue
from sellers
having sum(case when pareto_class = 'A' then revenue else 0 end) < 0.8 * sum(revenue) - 1
