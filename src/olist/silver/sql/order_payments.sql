-- Payments of orders.
SELECT
    valid_order_payments.*,
    payment_type <> 'not_defined' AS has_payment_type
FROM valid_order_payments
