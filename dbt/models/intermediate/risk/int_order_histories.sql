with

sales as (

    select * from {{ ref('int_order_sellers') }}

),

lines as (

    select * from {{ ref('int_order_products') }}

),

seller_records as (

    select * from {{ ref('int_seller_track_record') }}

),

product_records as (

    select * from {{ ref('int_product_track_record') }}

),

-- Shares are smoothed as if ten reviews, 15 % of them bad, came before the first. The worst seller and product of an order count.
sellers as (

    select
        sales.order_id,
        max({{ float('records.prior_bad_reviews + 1.5') }} / (records.prior_reviews + 10)) as seller_bad_share
    from sales
    inner join seller_records as records on sales.seller_id = records.seller_id and sales.order_date = records.date
    group by sales.order_id

),

products as (

    select
        lines.order_id,
        max({{ float('records.prior_bad_reviews + 1.5') }} / (records.prior_reviews + 10)) as product_bad_share
    from lines
    inner join product_records as records on lines.product_id = records.product_id and lines.order_date = records.date
    group by lines.order_id

),

histories as (

    select
        sellers.order_id,
        sellers.seller_bad_share,
        products.product_bad_share
    from sellers
    inner join products on sellers.order_id = products.order_id

)

select * from histories
