with

sales as (

    select * from {{ ref('int_order_sellers') }}

),

reviews as (

    select * from {{ ref('stg_olist__order_reviews') }}

),

revenues as (

    select
        seller_id,
        {{ money('sum(case when is_revenue then order_value else 0 end)', 14) }} as revenue
    from sales
    group by seller_id

),

-- A review of an order with several sellers counts for each of them.
scores as (

    select
        sales.seller_id,
        {{ whole('count(*)') }} as reviews,
        {{ mean('reviews.review_score') }} as average_review_score,
        {{ smoothed_score('sum(reviews.review_score)', 'count(*)') }} as reputation_score,
        {{ net_promoter_score('reviews.review_score') }} as nps,
        {{ share_of(is_bad_review('reviews.review_score')) }} as negative_share
    from sales
    inner join reviews on sales.order_id = reviews.order_id
    group by sales.seller_id

),

ranked as (

    select
        revenues.seller_id,
        revenues.revenue,
        coalesce(scores.reviews, 0) as reviews,
        scores.average_review_score,
        scores.reputation_score,
        scores.nps,
        scores.negative_share,
        case
            when scores.seller_id is not null
                then row_number() over (
                    order by coalesce(scores.reputation_score, 0) desc, scores.reviews desc, revenues.seller_id asc
                )
        end as reputation_rank,
        row_number() over (order by revenues.revenue desc, revenues.seller_id asc) as revenue_rank,
        {{ ratio(
            'sum(revenues.revenue) over (order by revenues.revenue desc, revenues.seller_id asc rows unbounded preceding)',
            'sum(revenues.revenue) over ()'
        ) }} as revenue_cumulative_share
    from revenues
    left join scores on revenues.seller_id = scores.seller_id

)

select * from ranked
