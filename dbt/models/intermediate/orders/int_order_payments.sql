with

payments as (

    select * from {{ ref('stg_olist__order_payments') }}

),

ranked as (

    select
        *,
        row_number() over (partition by order_id order by payment_value desc, payment_sequential asc) as value_rank
    from payments

),

totals as (

    select
        order_id,
        {{ whole('count(*)') }} as payments,
        {{ money('sum(payment_value)') }} as payment_value,
        max(case when value_rank = 1 then payment_type end) as main_payment_type,
        {{ whole('max(installments)') }} as installments
    from ranked
    group by order_id

)

select * from totals
