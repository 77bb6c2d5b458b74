with

orders as (

    select * from {{ ref('stg_olist__orders') }}

),

reviews as (

    select * from {{ ref('stg_olist__order_reviews') }}

),

dates as (

    select min(order_date) as first_date, max(order_date) as last_date from orders
    union all
    select min(estimated_delivery_date), max(estimated_delivery_date) from orders
    union all
    select min(cast(delivered_at as date)), max(cast(delivered_at as date)) from orders
    union all
    select min(survey_date), max(survey_date) from reviews
    union all
    select min(cast(answered_at as date)), max(cast(answered_at as date)) from reviews

),

span as (

    select
        {{ first_day('year', 'min(first_date)') }} as first_date,
        {{ add_days(-1, first_day('year', add_days(366, first_day('year', 'max(last_date)')))) }} as last_date
    from dates

)

select * from span
