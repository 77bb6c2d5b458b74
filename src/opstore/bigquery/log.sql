-- The whole record: every row of every table as one JSON document. One table, so that one statement can write to all of them, or to none.
CREATE TABLE IF NOT EXISTS ops_log (
    table_name STRING NOT NULL,
    row_key STRING NOT NULL,
    document STRING NOT NULL,
    recorded_at TIMESTAMP NOT NULL
)
PARTITION BY DATE(recorded_at)
CLUSTER BY table_name, row_key
