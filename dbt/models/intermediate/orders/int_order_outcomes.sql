{{ config(materialized='table') }}

with

deliveries as (

    select * from {{ ref('int_order_deliveries') }}

),

reviews as (

    select * from {{ ref('int_order_reviews') }}

),

outcomes as (

    select
        deliveries.order_id,
        not deliveries.is_on_time as was_late,
        {{ is_bad_review('reviews.worst_score') }} as was_badly_reviewed,
        coalesce(reviews.reviews, 0) as reviews,
        reviews.review_score
    from deliveries
    left join reviews on deliveries.order_id = reviews.order_id

),

-- Either trouble makes a problem; an order of which neither is known has no outcome yet.
judged as (

    select
        *,
        case
            when was_late or was_badly_reviewed then true
            when was_late is null and was_badly_reviewed is null then null
            else false
        end as had_problem
    from outcomes

)

select * from judged
