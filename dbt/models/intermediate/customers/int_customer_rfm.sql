with

people as (

    select
        *,
        max(last_order_date) over () as last_date,
        case when purchases > 0 then 1 else 0 end as has_bought
    from {{ ref('int_customer_purchases') }}

),

-- Quintiles among buyers by percent_rank, so that equal values get equal scores. Frequency has none: 97 of 100 people bought once.
ranked as (

    select
        *,
        percent_rank() over (partition by has_bought order by last_purchase_date asc) as recency_rank,
        percent_rank() over (partition by has_bought order by revenue asc) as monetary_rank
    from people

),

scored as (

    select
        customer_key,
        orders,
        purchases,
        first_order_date,
        last_order_date,
        first_purchase_date,
        last_purchase_date,
        revenue,
        {{ days_between('last_purchase_date', 'last_date') }} as recency_days,
        {{ whole('case when has_bought = 1 then least(5, 1 + floor(5 * recency_rank)) end') }} as recency_score,
        {{ whole('case when has_bought = 1 then least(5, purchases) end') }} as frequency_score,
        {{ whole('case when has_bought = 1 then least(5, 1 + floor(5 * monetary_rank)) end') }} as monetary_score
    from ranked

)

select * from scored
