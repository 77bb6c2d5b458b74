with

products as (

    select * from {{ ref('agg_product_performance') }}

),

items as (

    select * from {{ ref('fact_order_items') }}

),

category_orders as (

    select
        products.category,
        {{ whole('count(distinct items.order_id)') }} as orders,
        {{ whole('count(distinct items.seller_key)') }} as sellers
    from items
    inner join products on items.product_key = products.product_key
    where items.is_revenue
    group by products.category

),

sums as (

    select
        category,
        {{ whole('count(*)') }} as products,
        {{ whole('sum(items)') }} as items,
        {{ money('sum(item_value)', 14) }} as item_value,
        {{ money('sum(freight_value)', 14) }} as freight_value,
        {{ money('sum(revenue)', 14) }} as revenue,
        {{ whole('sum(reviews)') }} as reviews,
        sum(review_score_sum) as review_score_sum,
        sum(negative_reviews) as negative_reviews
    from products
    group by category

),

categories as (

    select
        sums.category,
        sums.products,
        coalesce(category_orders.orders, 0) as orders,
        coalesce(category_orders.sellers, 0) as sellers,
        sums.items,
        sums.item_value,
        sums.freight_value,
        sums.revenue,
        {{ ratio('sums.revenue', 'sum(sums.revenue) over ()') }} as revenue_share,
        {{ whole('row_number() over (order by sums.revenue desc, sums.category asc)') }} as revenue_rank,
        {{ ratio('sums.item_value', 'sums.items', 2) }} as average_price,
        {{ ratio('sums.freight_value', 'sums.revenue') }} as freight_share,
        sums.reviews,
        {{ ratio('sums.review_score_sum', 'sums.reviews', 2) }} as average_review_score,
        {{ ratio('sums.negative_reviews', 'sums.reviews') }} as negative_share
    from sums
    left join category_orders on sums.category = category_orders.category

)

select * from categories
