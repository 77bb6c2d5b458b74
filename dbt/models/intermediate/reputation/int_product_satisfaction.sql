with

lines as (

    select * from {{ ref('int_order_products') }}

),

reviews as (

    select * from {{ ref('stg_olist__order_reviews') }}

),

-- A review of an order with several products counts for each of them.
scores as (

    select
        lines.product_id,
        {{ whole('count(*)') }} as reviews,
        {{ whole('sum(reviews.review_score)') }} as review_score_sum,
        {{ count_if(is_bad_review('reviews.review_score')) }} as negative_reviews,
        {{ mean('reviews.review_score') }} as average_review_score,
        {{ smoothed_score('sum(reviews.review_score)', 'count(*)') }} as satisfaction_score,
        {{ net_promoter_score('reviews.review_score') }} as nps,
        {{ share_of(is_bad_review('reviews.review_score')) }} as negative_share
    from lines
    inner join reviews on lines.order_id = reviews.order_id
    group by lines.product_id

),

levelled as (

    select
        *,
        case
            when reviews < 5 then 'too_few_reviews'
            when negative_share >= 0.3 then 'disliked'
            when average_review_score >= 4.5 then 'loved'
            when average_review_score >= 3.5 then 'liked'
            else 'mixed'
        end as satisfaction_level
    from scores

)

select * from levelled
