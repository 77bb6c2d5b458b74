-- The platform's own state for dashboards, as of when it was written: one row per table delivered, failed check or open incident. UTC.
CREATE SCHEMA IF NOT EXISTS olist_meta;

CREATE TABLE IF NOT EXISTS olist_meta.platform_status (
    kind text NOT NULL CHECK (kind IN ('freshness', 'check', 'incident')),
    layer text NOT NULL,
    resource text NOT NULL,
    name text NOT NULL,
    state text NOT NULL,
    severity text NOT NULL,
    hours double precision,
    since timestamp,
    as_of timestamp NOT NULL
);

-- Two that write at once take turns; readers see one of the two whole.
LOCK TABLE olist_meta.platform_status IN SHARE ROW EXCLUSIVE MODE;

DELETE FROM olist_meta.platform_status;
