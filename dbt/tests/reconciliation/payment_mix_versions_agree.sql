-- Version 2 of the payment mix, summed up, is version 1: nobody who moves on finds other figures. Returns the means that differ.
{{ config(meta={'kind': 'reconciliation'}) }}

with

version_1 as (

    select * from {{ ref('agg_payment_mix', v=1) }}

),

version_2 as (

    select
        payment_type,
        sum(payments) as payments,
        sum(payment_value) as payment_value
    from {{ ref('agg_payment_mix', v=2) }}
    group by payment_type

)

select
    version_1.payment_type,
    version_1.payment_value,
    version_2.payment_value as payment_value_of_version_2
from version_1
full outer join version_2 on version_1.payment_type = version_2.payment_type
where
    version_1.payment_type is null
    or version_2.payment_type is null
    or version_1.payments <> version_2.payments
    or version_1.payment_value <> version_2.payment_value
