"""How each promise of a contract is broken on the staged table, alone: a change of its rows, and what cannot help failing along with it.

`{some}` are a twelfth of the rows, `{every}` is a number from 0 to 1 that each key has, `{one}` is the key of one row.
"""

from __future__ import annotations

from collections.abc import Mapping

from olist.contracts import Contract

CHANGES: Mapping[str, Mapping[str, str]] = {
    "orders": {
        "moments_have_a_time": "order_purchase_timestamp = date_trunc('day', order_purchase_timestamp) WHERE {some}",
        "promised_for_a_day": "order_estimated_delivery_date = order_estimated_delivery_date + INTERVAL '1 h' WHERE {some}",
        "moments_differ": "order_approved_at = order_purchase_timestamp WHERE {every} < 0.2",
        "typical_promise": "order_estimated_delivery_date = order_estimated_delivery_date + INTERVAL '100 days'",
        "delivered_with_payments": "order_id = md5(order_id) WHERE {some}",
        "farther_takes_longer": "order_delivered_customer_date = order_delivered_carrier_date + {every} * INTERVAL '20 days'",
        "approved_after_purchase": "order_approved_at = order_purchase_timestamp - INTERVAL '1 s' WHERE order_id = {one}",
        "delivered_after_purchase": "order_delivered_customer_date = order_purchase_timestamp - INTERVAL '1 s' WHERE order_id = {one}",
        "promised_after_purchase": "order_estimated_delivery_date = order_purchase_timestamp - INTERVAL '2 days' WHERE order_id = {one}",
        "promised_within_half_a_year": "order_estimated_delivery_date = order_purchase_timestamp + INTERVAL '1 year' WHERE {some}",
        "shipped_after_purchase": "order_delivered_carrier_date = order_purchase_timestamp - INTERVAL '1 s' WHERE {some}",
        "timestamps_in_order": "has_ordered_timestamps = FALSE WHERE {some}",
        "nothing_in_the_future": "order_delivered_customer_date = now() + INTERVAL '3 days' WHERE order_id = {one}",
        "purchased_this_century": "order_purchase_timestamp = '1970-01-01', order_estimated_delivery_date = '1970-02-01' "
        "WHERE order_id = {one}",
        "delivered_with_a_date": "has_delivery_date = FALSE WHERE is_delivered AND {some}",
        "dated_as_delivered": "is_delivered = FALSE WHERE has_delivery_date AND {some}",
        "delivered_with_items": "is_delivered = TRUE, has_delivery_date = TRUE WHERE NOT is_delivered",
        "one_order_per_customer_id": "customer_id = (SELECT min(customer_id) FROM silver.customers) WHERE {some}",
    },
    "order_items": {
        "limited_to_a_time": "shipping_limit_date = date_trunc('day', shipping_limit_date) WHERE {some}",
        "shipped_before_promise": "shipping_limit_date = shipping_limit_date + INTERVAL '100 days' WHERE {every} < 0.2",
        "sellers_per_product": "product_id = (SELECT min(product_id) FROM silver.products)",
        "freight_follows_weight": "freight_value = 5 + 10 * {every}",
        "numbered_without_gaps": "order_item_id = 5000 + order_item_id WHERE {some}",
        "freight_below_price": "freight_value = price, price = freight_value WHERE {every} < 0.3",
        "no_fantastic_price": "price = 20001 WHERE {some}",
        "shipped_after_purchase": "shipping_limit_date = '2001-01-01' WHERE {some}",
        "shipped_within_half_a_year": "shipping_limit_date = '2031-01-01' WHERE {some}",
        "typical_price": "price = price * 100",
        "typical_freight": "freight_value = freight_value / 100",
        "total_price": "price = 0",
    },
    "order_payments": {
        "paid_in_proportion": "payment_value = payment_value * 4 WHERE order_id = {one}",
        "numbered_without_gaps": "payment_sequential = 5000 + payment_sequential WHERE {some}",
        "instalments_by_credit_card": "payment_installments = 2 WHERE payment_type <> 'credit_card'",
        "at_most_36_instalments": "payment_installments = 37 WHERE payment_type = 'credit_card' AND {some}",
        "paid_what_was_sold": "payment_value = payment_value + 2 WHERE {some}",
        "typical_payment": "payment_value = payment_value / 100",
        "total_payment": "payment_value = 0",
    },
    "order_reviews": {
        "a_review_is_no_order": "review_id = order_id WHERE review_id = {one}",
        "answered_at_a_time": "review_answer_timestamp = date_trunc('day', review_answer_timestamp) + INTERVAL '1 day' WHERE {some}",
        "reviews_per_order": "order_id = (SELECT min(order_id) FROM silver.orders)",
        "late_is_worse": "review_score = 1 + floor(5 * {every})",
        "longest_comment": "review_comment_message = left(review_comment_message, 40)",
        "answered_after_survey": "review_answer_timestamp = review_creation_date - INTERVAL '1 s' WHERE review_id = {one}",
        "surveyed_after_purchase": "review_creation_date = '2001-01-01' WHERE {some}",
        "nothing_in_the_future": "review_answer_timestamp = now() + INTERVAL '3 days' WHERE review_id = {one}",
        "sent_on_a_day": "review_creation_date = review_creation_date - INTERVAL '1 s' WHERE {every} < 0.2",
        "titles_are_short": "review_comment_title = repeat('x', 61) WHERE {some}",
        "typical_score": "review_score = 5",
    },
    "products": {
        "sides_differ": "product_width_cm = product_height_cm",
        "typical_length": "product_length_cm = product_length_cm * 10",
        "weight_follows_size": "product_weight_g = 200 + 2000 * {every}",
        "described_at_length": "product_description_length = 1 WHERE {every} < 0.2",
        "names_are_short": "product_name_length = 201, product_description_length = 300 WHERE {some}",
        "few_photos": "product_photos_qty = 41 WHERE {some}",
        "heavier_than_long": "product_weight_g = 1 WHERE {some}",
        "longer_than_high": "product_height_cm = product_length_cm + 1 WHERE {every} < 0.4",
        "longer_than_wide": "product_width_cm = product_length_cm + 1 WHERE {every} < 0.7",
        "wider_than_high": "product_width_cm = 1, product_height_cm = 2 WHERE {every} < 0.7",
        "translated": "has_category_translation = FALSE WHERE {every} < 0.2",
        "typical_weight": "product_weight_g = product_weight_g * 1000",
    },
    "customers": {
        "a_person_is_no_order": "customer_unique_id = customer_id WHERE customer_id = {one}",
        "city_of_its_zip": "customer_city = 'nowhere' WHERE {some}",
        "geolocation_coverage": "has_geolocation = FALSE, customer_latitude = NULL, customer_longitude = NULL WHERE {some}",
        "state_of_its_zip": "customer_state = CASE customer_state WHEN 'SP' THEN 'RJ' ELSE 'SP' END WHERE {some}",
        "located_by_both": "customer_latitude = NULL WHERE customer_id = {one}",
        "orders_per_person": "customer_unique_id = repeat('0', 32)",
    },
    "sellers": {
        "city_of_its_zip": "seller_city = 'nowhere'",
        "geolocation_coverage": "has_geolocation = FALSE, seller_latitude = NULL, seller_longitude = NULL",
        "state_of_its_zip": "seller_state = CASE seller_state WHEN 'SP' THEN 'RJ' ELSE 'SP' END",
        "located_by_both": "seller_latitude = NULL WHERE seller_id = {one}",
    },
    "geolocation": {
        "finely_located": "geolocation_lat = round(geolocation_lat::numeric, 1) WHERE hashtext(geolocation_lat::text) > 0",
        "near_its_zip": "geolocation_lat = geolocation_lat + 2.5 WHERE hashtext(geolocation_lng::text) > 2000000000",
        "near_its_state": "geolocation_lat = CASE WHEN geolocation_lat < -15 THEN 5 ELSE -33 END WHERE {every} < 0.02",
        "one_state_per_zip": "geolocation_state = 'RJ' WHERE geolocation_state = 'SP' AND hashtext(geolocation_lat::text) > 0",
    },
    "category_translations": {
        "one_english_name": "product_category_name_english = 'art' WHERE {every} < 0.3",
        "two_languages": "product_category_name_english = product_category_name",
    },
}

ALONG: Mapping[tuple[str, str], set[str]] = {
    ("order_items", "typical_price"): {"business_rule(no_fantastic_price)"},
    ("order_items", "total_price"): {"business_rule(freight_below_price)", "statistic(typical_price)"},
    ("products", "longer_than_high"): {"business_rule(wider_than_high)"},
    ("order_items", "sellers_per_product"): {"statistic(freight_follows_weight)"},
    ("order_items", "shipped_after_purchase"): {"business_rule(limited_to_a_time)"},
    ("order_items", "shipped_within_half_a_year"): {
        "business_rule(limited_to_a_time)",
        "business_rule(shipped_before_promise)",
    },
    ("order_payments", "range(payment_value)"): {"business_rule(paid_in_proportion)"},
    ("order_payments", "typical_payment"): {"business_rule(paid_what_was_sold)", "business_rule(paid_in_proportion)"},
    ("order_payments", "total_payment"): {
        "business_rule(paid_what_was_sold)",
        "business_rule(paid_in_proportion)",
        "statistic(typical_payment)",
    },
    ("order_reviews", "reviews_per_order"): {
        "business_rule(surveyed_after_purchase)",
        "unique(review_id, order_id)",
    },
    ("order_reviews", "typical_score"): {"statistic(late_is_worse)"},
    ("orders", "delivered_with_payments"): {"business_rule(delivered_with_items)"},
    ("orders", "promised_within_half_a_year"): {"business_rule(promised_for_a_day)"},
    ("products", "typical_length"): {"business_rule(heavier_than_long)"},
    ("products", "wider_than_high"): {"statistic(weight_follows_size)"},
}


def mutation(contract: Contract, promise: str, schema: str) -> str:
    """The statement that breaks one promise of the staged table."""
    key, table = contract.key[0], f"{schema}.{contract.table}"
    every = f"(('x' || left(md5({key}), 8))::bit(32)::bigint / 4294967296.0)"
    names = {
        "every": every,
        "some": f"{every} < 0.08",
        "one": f"(SELECT min({key}) FROM {table})",
    }
    return f"UPDATE {table} SET {CHANGES[contract.table][promise].format(**names)}"
