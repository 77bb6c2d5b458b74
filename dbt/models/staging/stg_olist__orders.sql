with

source as (

    select * from {{ source('olist', 'orders') }}

),

renamed as (

    select
        order_id,
        customer_id,
        order_status,
        {{ moment('order_purchase_timestamp') }} as purchased_at,
        cast(order_purchase_timestamp as date) as order_date,
        {{ moment('order_approved_at') }} as approved_at,
        {{ moment('order_delivered_carrier_date') }} as carrier_received_at,
        {{ moment('order_delivered_customer_date') }} as delivered_at,
        cast(order_estimated_delivery_date as date) as estimated_delivery_date,
        is_delivered,
        has_delivery_date,
        is_canceled,
        has_ordered_timestamps
    from source

)

select * from renamed
