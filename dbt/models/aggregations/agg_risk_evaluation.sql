{% set outcomes = [('problem', 'had_problem'), ('late', 'not is_on_time'), ('badly_reviewed', 'was_badly_reviewed')] %}

with

orders as (

    select
        *,
        case
            when estimated_delivery_date < cast('{{ var("risk_cutoff_date") }}' as date) then 'fitted'
            when order_date < cast('{{ var("risk_cutoff_date") }}' as date) then 'between'
            else 'later'
        end as period
    from {{ ref('fact_orders') }}
    where risk_score is not null

),

-- Scored orders whose outcome is known, by score; once for each outcome.
scores as (

    {%- for outcome, column in outcomes %}
    select
        '{{ outcome }}' as outcome,
        period,
        risk_score,
        count(*) as orders,
        {{ count_if(column) }} as happened
    from orders
    where ({{ column }}) is not null
    group by period, risk_score
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}

),

ranked as (

    select
        *,
        {{ sum_before('orders - happened', 'risk_score asc', 'outcome, period') }} as spared_below,
        {{ sum_before('orders', 'risk_score desc', 'outcome, period') }} as orders_above,
        sum(orders) over (partition by outcome, period) / 10.0 as tenth
    from scores

),

-- Pairs in which the order it happened to has the higher score; equal scores count half. Of a score at the edge of the highest tenth,
-- as large a part counts as still fits in.
counted as (

    select
        outcome,
        period,
        {{ whole('sum(orders)') }} as orders,
        {{ whole('sum(happened)') }} as happened_orders,
        sum(happened * (spared_below + (orders - happened) / 2.0)) as pairs_in_order,
        sum(happened * greatest(0, least(orders, tenth - orders_above)) / orders) as happened_in_tenth
    from ranked
    group by outcome, period

),

evaluated as (

    select
        outcome,
        period,
        orders,
        happened_orders,
        {{ ratio('happened_orders', 'orders') }} as base_share,
        {{ ratio('pairs_in_order', 'cast(happened_orders as numeric) * (orders - happened_orders)') }} as auc,
        {{ ratio('10 * happened_in_tenth', 'orders') }} as top_tenth_share,
        {{ ratio('10 * happened_in_tenth', 'happened_orders', 2) }} as top_tenth_lift
    from counted

)

select * from evaluated
