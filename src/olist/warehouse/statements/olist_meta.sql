-- Where every published version is recorded, in the transaction that published it.
CREATE SCHEMA IF NOT EXISTS olist_meta;

CREATE TABLE IF NOT EXISTS olist_meta.publications (
    version bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    layer text NOT NULL,
    run_id text NOT NULL,
    inputs jsonb NOT NULL,
    details jsonb NOT NULL,
    published_at timestamptz NOT NULL DEFAULT now()
);

-- When each table's accepted deliveries arrived: what `dbt source freshness` goes by.
CREATE TABLE IF NOT EXISTS olist_meta.deliveries (
    table_name text NOT NULL,
    loaded_at timestamptz NOT NULL,
    PRIMARY KEY (table_name, loaded_at)
);
