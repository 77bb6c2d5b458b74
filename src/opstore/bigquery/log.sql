-- The whole record: every row of every table as one JSON document. One table, so that one statement can write to all of them, or to none.
-- A partition for each table of the record: a statement is billed for the partitions that it names, and these it names by constants.
CREATE TABLE IF NOT EXISTS ops_rows (
    table_number INT64 NOT NULL,
    table_name STRING NOT NULL,
    row_key STRING NOT NULL,
    document STRING NOT NULL,
    recorded_at TIMESTAMP NOT NULL
)
PARTITION BY RANGE_BUCKET(table_number, GENERATE_ARRAY(0, 100, 1))
CLUSTER BY recorded_at
