-- Orders. A moment that is NULL has not come, or is not known; the flags tell which.
SELECT
    valid_orders.*,
    order_status = 'delivered' AS is_delivered,
    order_delivered_customer_date IS NOT NULL AS has_delivery_date,
    order_status = 'canceled' AS is_canceled,
    -- greatest() passes over NULL, so each known moment is held against the latest one known before it.
    coalesce(order_approved_at >= order_purchase_timestamp, TRUE)
    AND coalesce(order_delivered_carrier_date >= greatest(order_purchase_timestamp, order_approved_at), TRUE)
    AND coalesce(
        order_delivered_customer_date
        >= greatest(order_purchase_timestamp, order_approved_at, order_delivered_carrier_date),
        TRUE
    ) AS has_ordered_timestamps
FROM valid_orders
