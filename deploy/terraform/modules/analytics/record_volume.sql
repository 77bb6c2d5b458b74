SELECT
    DATE(recorded_at) AS recorded_on,
    table_name,
    COUNT(*) AS log_rows,
    SUM(LENGTH(document)) AS characters
FROM `${log}`
GROUP BY recorded_on, table_name
