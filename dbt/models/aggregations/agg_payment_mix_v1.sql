with

payments as (

    select * from {{ ref('fact_payments') }}

),

mix as (

    select
        payment_type,
        {{ whole('count(*)') }} as payments,
        {{ whole('count(distinct order_id)') }} as orders,
        {{ money('sum(payment_value)', 14) }} as payment_value
    from payments
    group by payment_type

)

select * from mix
