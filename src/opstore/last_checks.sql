-- The last outcome of each check of a layer's assets, no older than the last run that judged the asset whole: that run recorded the
-- check :whole, or, where :whole is null, any check of the layer.
WITH layer_checks AS (
    SELECT *
    FROM ops_checks
    WHERE asset LIKE :layer || '.%'
),

whole AS (
    SELECT
        max(asset) AS asset,
        max(run_id) AS run_id
    FROM layer_checks
    WHERE :whole IS NULL OR check_name = :whole
    GROUP BY CASE WHEN :whole IS NULL THEN :layer ELSE asset END
),

ranked AS (
    SELECT
        c.*,
        row_number() OVER (PARTITION BY c.asset, c.check_name ORDER BY c.run_id DESC) AS age
    FROM layer_checks AS c
    INNER JOIN whole ON c.run_id >= whole.run_id AND (:whole IS NULL OR c.asset = whole.asset)
)

SELECT *
FROM ranked
WHERE age = 1
