with

products as (

    select * from {{ ref('dim_products') }}

),

items as (

    select * from {{ ref('fact_order_items') }}

),

satisfactions as (

    select * from {{ ref('int_product_satisfaction') }}

),

sums as (

    select
        product_key,
        {{ whole('count(distinct order_id)') }} as orders,
        {{ whole('count(*)') }} as items,
        sum(item_value) as item_value,
        sum(freight_value) as freight_value
    from items
    where is_revenue
    group by product_key

),

performance as (

    select
        products.product_key,
        products.product_id,
        products.category,
        coalesce(sums.orders, 0) as orders,
        coalesce(sums.items, 0) as items,
        {{ money('coalesce(sums.item_value, 0)', 14) }} as item_value,
        {{ money('coalesce(sums.freight_value, 0)', 14) }} as freight_value,
        {{ money('coalesce(sums.item_value + sums.freight_value, 0)', 14) }} as revenue,
        {{ ratio('sums.item_value', 'sums.items', 2) }} as average_price,
        coalesce(satisfactions.reviews, 0) as reviews,
        coalesce(satisfactions.review_score_sum, 0) as review_score_sum,
        coalesce(satisfactions.negative_reviews, 0) as negative_reviews,
        satisfactions.average_review_score,
        satisfactions.satisfaction_score,
        satisfactions.nps,
        satisfactions.negative_share,
        coalesce(satisfactions.satisfaction_level, 'too_few_reviews') as satisfaction_level
    from products
    left join sums on products.product_key = sums.product_key
    left join satisfactions on products.product_id = satisfactions.product_id
    where not products.is_special_member or sums.product_key is not null

)

select * from performance
