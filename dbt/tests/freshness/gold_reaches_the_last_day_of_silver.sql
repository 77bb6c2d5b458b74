-- Gold is as fresh as what it was built from: its orders and its daily figures end on the day of the last order. Returns the ends that
-- do not.
{{ config(meta={'kind': 'freshness'}) }}

with

ends as (

    select max(order_date) as last_day from {{ ref('fact_orders') }}
    union all
    select max(date) from {{ ref('agg_daily_revenue') }}

),

source_end as (

    select max(order_date) as last_day from {{ ref('stg_olist__orders') }}

)

select
    ends.last_day,
    source_end.last_day as last_day_of_silver
from ends
cross join source_end
where ends.last_day is null or ends.last_day <> source_end.last_day
