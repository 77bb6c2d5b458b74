-- What the filters offer, in order: every month, state and category, and the sellers that sell most.
with

choices as (

    select
        'period' as filter,
        to_char(month, 'YYYY-MM') as value,
        to_char(month, 'YYYY-MM') as label,
        row_number() over (order by month) as place
    from gold.agg_monthly_kpis

    union all

    select
        'state' as filter,
        state as value,
        state_name as label,
        row_number() over (order by state_name) as place
    from gold.agg_regions

    union all

    select
        'category' as filter,
        category as value,
        category as label,
        row_number() over (order by category) as place
    from gold.agg_categories

    union all

    select
        'seller' as filter,
        seller_id as value,
        seller_id as label,
        revenue_rank as place
    from gold.agg_seller_performance
    where revenue_rank <= 100

)

select
    filter,
    value,
    label
from choices
order by filter asc, place asc, value asc
