-- Reviews of orders. One review may stand on several orders: the customer answered one survey for all of them.
WITH shared AS (
    SELECT review_id
    FROM valid_order_reviews
    GROUP BY review_id
    HAVING count(DISTINCT order_id) > 1
)

SELECT
    valid_order_reviews.*,
    review_comment_title IS NOT NULL OR review_comment_message IS NOT NULL AS has_comment,
    review_id IN (SELECT review_id FROM shared) AS is_shared_review
FROM valid_order_reviews
