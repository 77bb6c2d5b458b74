{{ config(materialized='table') }}

with

people as (

    select * from {{ ref('int_customer_rfm') }}

),

segmented as (

    select
        *,
        case
            when purchases = 0 then 'no_purchase'
            when frequency_score >= 2 and recency_score >= 4 then 'champion'
            when frequency_score >= 2 and recency_score = 3 then 'loyal'
            when frequency_score >= 2 then 'lapsed_loyal'
            when recency_score >= 3 and monetary_score = 5 then 'big_spender'
            when recency_score = 5 then 'new'
            when recency_score >= 3 then 'promising'
            when monetary_score >= 4 then 'at_risk'
            else 'lost'
        end as segment
    from people

)

select * from segmented
