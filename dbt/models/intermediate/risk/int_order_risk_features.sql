{{ config(materialized='table') }}

with

totals as (

    select * from {{ ref('int_order_totals') }}

),

customers as (

    select * from {{ ref('int_customer_orders') }}

),

deliveries as (

    select * from {{ ref('int_order_deliveries') }}

),

distances as (

    select * from {{ ref('int_order_distances') }}

),

histories as (

    select * from {{ ref('int_order_histories') }}

),

states as (

    select * from {{ ref('int_state_track_record') }}

),

surges as (

    select * from {{ ref('int_order_surge') }}

),

features as (

    select
        totals.order_id,
        {{ float('least(greatest(deliveries.promised_days, 3), 60)') }} as promised_days,
        ln(1 + {{ float('distances.distance_km') }} / 100) as log_distance,
        {{ float('distances.distance_km') }} / least(greatest(deliveries.promised_days, 3), 60) as km_per_promised_day,
        {{ float('least(totals.items, 5) - 1') }} as further_items,
        {{ float('case when totals.sellers > 1 then 1 else 0 end') }} as several_sellers,
        ln({{ float('1 + totals.freight_value') }}) as log_freight,
        histories.seller_bad_share,
        histories.product_bad_share,
        {{ float('states.prior_late_deliveries + 3.5') }} / (states.prior_deliveries + 50) as state_late_share,
        ln({{ float('surges.orders_of_week + 50') }} / ({{ float('surges.orders_of_eight_weeks') }} / 8 + 50)) as order_surge
    from totals
    inner join customers on totals.order_id = customers.order_id
    inner join deliveries on totals.order_id = deliveries.order_id
    left join distances on totals.order_id = distances.order_id
    left join histories on totals.order_id = histories.order_id
    left join states on customers.state = states.state and customers.order_date = states.date
    left join surges on customers.order_date = surges.date

)

select * from features
