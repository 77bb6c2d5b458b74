-- Shares of a whole add up to it, but for rounding to four decimals. Returns the wholes that do not.
{{ config(meta={'kind': 'business_rule'}) }}

with

wholes as (

    select
        'customers by segment' as whole,
        sum(customer_share) as total,
        count(*) as parts
    from {{ ref('agg_customer_segments') }}
    union all
    select
        'revenue by category' as whole,
        sum(revenue_share) as total,
        count(*) as parts
    from {{ ref('agg_categories') }}
    union all
    select
        {{ dbt.concat(["'orders by punctuality in '", 'cast(month as ' ~ dbt.type_string() ~ ')']) }} as whole,
        sum(order_share) as total,
        count(*) as parts
    from {{ ref('agg_delivery_punctuality') }}
    group by month
    union all
    select
        {{ dbt.concat(["'payments by means in '", 'cast(month as ' ~ dbt.type_string() ~ ')']) }} as whole,
        sum(payment_value_share) as total,
        count(*) as parts
    from {{ ref('agg_payment_mix', v=2) }}
    group by month

)

select *
from wholes
where abs(total - 1) > 0.0001 * parts
