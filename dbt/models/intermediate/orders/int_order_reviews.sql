with

reviews as (

    select * from {{ ref('stg_olist__order_reviews') }}

),

scores as (

    select
        order_id,
        {{ whole('count(*)') }} as reviews,
        {{ mean('review_score') }} as review_score,
        {{ whole('min(review_score)') }} as worst_score
    from reviews
    group by order_id

)

select * from scores
