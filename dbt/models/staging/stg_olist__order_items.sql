with

source as (

    select * from {{ source('olist', 'order_items') }}

),

renamed as (

    select
        order_id,
        order_item_id,
        product_id,
        seller_id,
        {{ moment('shipping_limit_date') }} as shipping_limit_at,
        price,
        freight_value
    from source

)

select * from renamed
