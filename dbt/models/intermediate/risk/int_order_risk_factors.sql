{{ config(materialized='table') }}

{#- What can speak for trouble, and the factors that say so. A factor's weight and mean are in the seed. -#}
{% set reasons = {
    'delivery_promise': ['promised_days', 'log_distance', 'km_per_promised_day'],
    'basket': ['further_items', 'several_sellers', 'log_freight'],
    'seller_history': ['seller_bad_share'],
    'product_history': ['product_bad_share'],
    'destination_history': ['state_late_share'],
    'order_surge': ['order_surge'],
} %}

with

features as (

    select * from {{ ref('int_order_risk_features') }}

),

coefficients as (

    select * from {{ ref('order_risk_coefficients') }}

),

weights as (

    select
        {%- for factor in reasons.values() | sum(start=[]) %}
        max(case when factor = '{{ factor }}' then coefficient end) as {{ factor }}_weight,
        max(case when factor = '{{ factor }}' then mean_value end) as {{ factor }}_mean,
        {%- endfor %}
        max(case when factor = 'intercept' then coefficient end) as intercept
    from coefficients

),

-- Against an average order, in log-odds; what is not known about an order counts as average.
contributions as (

    select
        features.order_id,
        {%- for reason, factors in reasons.items() %}
        {{ risk_contribution(factors) }} as {{ reason }},
        {%- endfor %}
        weights.intercept
    from features
    cross join weights

),

scored as (

    select
        *,
        {{ whole('round(100 / (1 + exp(-(intercept + ' ~ reasons.keys() | join(' + ') ~ '))))') }} as risk_score,
        greatest({{ reasons.keys() | join(', ') }}) as largest
    from contributions

),

levelled as (

    select
        order_id,
        risk_score,
        case
            when risk_score >= {{ var('risk_level_from')['critical'] }} then 'critical'
            when risk_score >= {{ var('risk_level_from')['high'] }} then 'high'
            when risk_score >= {{ var('risk_level_from')['medium'] }} then 'medium'
            else 'low'
        end as risk_level,
        case
            when largest <= 0 then 'none'
            {%- for reason in reasons %}
            when {{ reason }} = largest then '{{ reason }}'
            {%- endfor %}
        end as main_risk_factor,
        {{ reasons.keys() | join(',\n        ') }}
    from scored

)

select * from levelled
