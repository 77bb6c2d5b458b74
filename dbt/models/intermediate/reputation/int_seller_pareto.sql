with

sellers as (

    select * from {{ ref('int_seller_reputation') }}

),

-- The class is that of the revenue which stood before the seller's own, so that the largest is always A.
before as (

    select
        *,
        {{ decimal('coalesce(lag(revenue_cumulative_share) over (order by revenue_rank asc), 0)', 4) }} as share_before
    from sellers

),

classed as (

    select
        *,
        case
            when revenue = 0 then 'C'
            when share_before < 0.8 then 'A'
            when share_before < 0.95 then 'B'
            else 'C'
        end as pareto_class
    from before

)

select * from classed
