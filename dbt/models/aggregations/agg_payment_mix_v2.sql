with

payments as (

    select * from {{ ref('fact_payments') }}

),

mix as (

    select
        {{ first_day('month', 'order_date') }} as month,
        payment_type,
        installment_band,
        {{ whole('count(*)') }} as payments,
        {{ whole('count(distinct order_id)') }} as orders,
        {{ money('sum(payment_value)', 14) }} as payment_value,
        {{ ratio('sum(payment_value)', 'sum(sum(payment_value)) over (partition by ' ~ first_day('month', 'order_date') ~ ')') }}
            as payment_value_share,
        {{ mean('installments') }} as average_installments
    from payments
    group by {{ first_day('month', 'order_date') }}, payment_type, installment_band

)

select * from mix
