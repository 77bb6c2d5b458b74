with

source as (

    select * from {{ source('olist', 'order_payments') }}

),

renamed as (

    select
        order_id,
        payment_sequential,
        payment_type,
        payment_installments as installments,
        payment_value,
        has_payment_type
    from source

)

select * from renamed
