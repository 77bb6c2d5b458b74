-- The last outcome of each check of a layer's assets, no older than the last run that judged the asset whole: that run recorded the
-- check :whole, or, where :whole is null, any check of the layer. What a failed run found is over when its step has come to a good end
-- since without anything to do: then what it judged is out, and what stood before it stands.
WITH idle AS (
    SELECT
        step,
        max(run_id) AS run_id
    FROM ops_runs_current
    WHERE status = 'no_op'
    GROUP BY step
),

past AS (
    SELECT failed.run_id
    FROM ops_runs_current AS failed
    INNER JOIN idle ON failed.step = idle.step AND failed.run_id < idle.run_id
    WHERE failed.status = 'failed'
),

layer_checks AS (
    SELECT *
    FROM ops_checks
    WHERE asset LIKE :layer || '.%' AND run_id NOT IN (SELECT past.run_id FROM past)
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
