-- Of :wanted, a JSON list of {incident_id, asset, since}, those whose asset is no more: a producer once had it in its graph, has recorded
-- another graph since without it, and nothing has looked at it since. A graph is of a whole project, however little of it was run.
WITH wanted AS (
    SELECT
        json_extract(w.value, '$.incident_id') AS incident_id,
        json_extract(w.value, '$.asset') AS asset,
        json_extract(w.value, '$.since') AS since
    FROM json_each(:wanted) AS w
),

newest AS (
    SELECT
        producer,
        max(recorded_at) AS recorded_at
    FROM ops_lineage
    GROUP BY producer
),

places AS (
    SELECT
        producer,
        child AS asset
    FROM ops_lineage
    UNION
    SELECT
        producer,
        parent AS asset
    FROM ops_lineage
),

still_there AS (
    SELECT child AS asset
    FROM ops_lineage_current
    UNION
    SELECT parent AS asset
    FROM ops_lineage_current
),

looked_at AS (
    SELECT DISTINCT w.incident_id
    FROM wanted AS w
    INNER JOIN ops_checks AS c ON w.asset = c.asset AND coalesce(c.occurred_at, c.recorded_at) > w.since
)

SELECT
    w.incident_id,
    max(n.recorded_at) AS at
FROM wanted AS w
INNER JOIN places AS p ON w.asset = p.asset
INNER JOIN newest AS n ON p.producer = n.producer AND w.since < n.recorded_at
LEFT JOIN still_there AS s ON w.asset = s.asset
LEFT JOIN looked_at AS l ON w.incident_id = l.incident_id
WHERE s.asset IS NULL AND l.incident_id IS NULL
GROUP BY w.incident_id
