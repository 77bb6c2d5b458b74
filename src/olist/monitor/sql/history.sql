-- What silver looked like, day by day: one value of each metric of each table. A day that is measured again is measured anew.
CREATE SCHEMA IF NOT EXISTS olist_meta;

CREATE TABLE IF NOT EXISTS olist_meta.silver_metrics (
    day date NOT NULL,
    table_name text NOT NULL,
    metric text NOT NULL,
    value double precision NOT NULL,
    PRIMARY KEY (table_name, metric, day)
)
