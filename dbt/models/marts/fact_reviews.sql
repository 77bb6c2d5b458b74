with

reviews as (

    select * from {{ ref('stg_olist__order_reviews') }}

),

customers as (

    select * from {{ ref('int_customer_orders') }}

),

totals as (

    select * from {{ ref('int_order_totals') }}

),

analyses as (

    select * from {{ ref('int_review_analysis') }}

),

joined as (

    select
        {{ surrogate_key(['reviews.review_id', 'reviews.order_id']) }} as review_key,
        reviews.review_id,
        reviews.order_id,
        customers.customer_key,
        {{ surrogate_key(["coalesce(totals.seller_id, 'unknown')"]) }} as seller_key,
        customers.order_date,
        reviews.review_score,
        {{ review_class('reviews.review_score') }} as review_class,
        {{ is_bad_review('reviews.review_score') }} as is_bad_review,
        reviews.survey_date,
        cast(reviews.answered_at as date) as answered_date,
        reviews.answered_at,
        {{ days_between('reviews.survey_date', 'cast(reviews.answered_at as date)') }} as answer_days,
        reviews.has_comment,
        analyses.complaint_category,
        analyses.sentiment,
        reviews.is_shared_review
    from reviews
    left join customers on reviews.order_id = customers.order_id
    left join totals on reviews.order_id = totals.order_id
    left join analyses on reviews.review_id = analyses.review_id and reviews.order_id = analyses.order_id

)

select * from joined
