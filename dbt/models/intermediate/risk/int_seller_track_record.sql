{{ config(materialized='table') }}

with

sales as (

    select * from {{ ref('int_order_sellers') }}

),

reviews as (

    select * from {{ ref('stg_olist__order_reviews') }}

),

events as (

    select
        sales.seller_id,
        cast(reviews.answered_at as date) as date,
        1 as reviews,
        case when {{ is_bad_review('reviews.review_score') }} then 1 else 0 end as bad_reviews
    from sales
    inner join reviews on sales.order_id = reviews.order_id
    where reviews.answered_at is not null
    union all
    select
        seller_id,
        order_date as date,
        0 as reviews,
        0 as bad_reviews
    from sales

),

daily as (

    select
        seller_id,
        date,
        sum(reviews) as reviews,
        sum(bad_reviews) as bad_reviews
    from events
    group by seller_id, date

),

record as (

    select
        seller_id,
        date,
        {{ whole(sum_before('reviews', 'date', 'seller_id')) }} as prior_reviews,
        {{ whole(sum_before('bad_reviews', 'date', 'seller_id')) }} as prior_bad_reviews
    from daily

)

select * from record
