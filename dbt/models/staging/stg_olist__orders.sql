with

source as (

    select * from {{ source('olist', 'orders') }}

),

renamed as (

    select
        order_id,
        customer_id,
        order_status,
        order_purchase_timestamp as purchased_at,
        cast(order_purchase_timestamp as date) as order_date,
        order_approved_at as approved_at,
        order_delivered_carrier_date as carrier_received_at,
        order_delivered_customer_date as delivered_at,
        cast(order_estimated_delivery_date as date) as estimated_delivery_date,
        is_delivered,
        has_delivery_date,
        is_canceled,
        has_ordered_timestamps
    from source

)

select * from renamed
