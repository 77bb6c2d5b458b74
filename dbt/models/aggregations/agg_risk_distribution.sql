with

orders as (

    select * from {{ ref('fact_orders') }}

),

distribution as (

    select
        {{ first_day('month', 'order_date') }} as month,
        coalesce(risk_level, 'not_scored') as risk_level,
        {{ whole('count(*)') }} as orders,
        {{ money('sum(order_value)', 14) }} as order_value,
        {{ mean('risk_score') }} as average_risk_score,
        {{ whole('count(had_problem)') }} as judged_orders,
        {{ count_if('had_problem') }} as problem_orders,
        {{ count_if('not is_on_time') }} as late_orders,
        {{ count_if('was_badly_reviewed') }} as badly_reviewed_orders,
        {{ share_of('had_problem') }} as problem_share
    from orders
    group by {{ first_day('month', 'order_date') }}, coalesce(risk_level, 'not_scored')

)

select * from distribution
