-- Of :wanted, a JSON list of {incident_id, asset, check, since, run_id}, those whose check is no more: a later run judged the asset by
-- every other check of the run that failed, and not by this one.
WITH wanted AS (
    SELECT
        json_extract(w.value, '$.incident_id') AS incident_id,
        json_extract(w.value, '$.asset') AS asset,
        json_extract(w.value, '$.check') AS check_name,
        json_extract(w.value, '$.since') AS since,
        json_extract(w.value, '$.run_id') AS run_id
    FROM json_each(:wanted) AS w
),

rest AS (
    SELECT
        w.incident_id,
        count(*) AS number
    FROM wanted AS w
    INNER JOIN ops_checks AS c ON w.run_id = c.run_id AND w.asset = c.asset AND w.check_name <> c.check_name
    GROUP BY w.incident_id
),

later AS (
    SELECT
        w.incident_id,
        c.run_id,
        max(coalesce(c.occurred_at, c.recorded_at)) AS at,
        sum(c.check_name = w.check_name) AS still_there,
        count(CASE WHEN f.check_name <> w.check_name THEN 1 END) AS others_there
    FROM wanted AS w
    INNER JOIN ops_checks AS c ON w.asset = c.asset AND coalesce(c.occurred_at, c.recorded_at) > w.since
    LEFT JOIN ops_checks AS f ON w.run_id = f.run_id AND w.asset = f.asset AND c.check_name = f.check_name
    GROUP BY w.incident_id, c.run_id
)

SELECT
    l.incident_id,
    l.run_id,
    min(l.at) AS at
FROM later AS l
INNER JOIN rest AS o ON l.incident_id = o.incident_id
WHERE l.still_there = 0 AND l.others_there = o.number
GROUP BY l.incident_id
