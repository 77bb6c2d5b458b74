-- The history a risk score uses holds nothing from the day of the order or later. Counted anew, in another way than the model counts, for
-- one seller in 256. Returns the days of sellers for which the two differ.
{{ config(meta={'kind': 'business_rule'}) }}

with

records as (

    select *
    from {{ ref('int_seller_track_record') }}
    where seller_id like '0a%'

),

sales as (

    select *
    from {{ ref('int_order_sellers') }}
    where seller_id like '0a%'

),

reviews as (

    select * from {{ ref('stg_olist__order_reviews') }}

),

answers as (

    select
        sales.seller_id,
        reviews.answered_at,
        reviews.review_score
    from sales
    inner join reviews on sales.order_id = reviews.order_id

)

select
    records.seller_id,
    records.date,
    records.prior_reviews,
    records.prior_bad_reviews,
    count(answers.review_score) as reviews_counted_anew
from records
left join answers on records.seller_id = answers.seller_id and records.date > cast(answers.answered_at as date)
group by records.seller_id, records.date, records.prior_reviews, records.prior_bad_reviews
having
    records.prior_reviews <> count(answers.review_score)
    or records.prior_bad_reviews <> sum(case when answers.review_score in (1, 2) then 1 else 0 end)
