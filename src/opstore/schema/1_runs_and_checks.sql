-- The operational record on SQLite. Rows are only ever added; the views give the current state.
CREATE TABLE IF NOT EXISTS ops_runs (
    run_id TEXT NOT NULL,
    parent_run_id TEXT,
    step TEXT NOT NULL,
    resource TEXT,
    phase TEXT NOT NULL CHECK (phase IN ('started', 'finished')),
    status TEXT CHECK (status IN ('success', 'no_op', 'failed')),
    deadline_at TEXT,
    rows_in INTEGER,
    published INTEGER,
    superseded INTEGER,
    rejected INTEGER,
    quarantined INTEGER,
    seconds REAL,
    message TEXT,
    details TEXT,
    revision TEXT,
    versions TEXT,
    occurred_at TEXT NOT NULL,
    recorded_at TEXT NOT NULL,
    PRIMARY KEY (run_id, phase)
);

CREATE TABLE IF NOT EXISTS ops_checks (
    run_id TEXT NOT NULL,
    asset TEXT NOT NULL,
    check_name TEXT NOT NULL,
    kind TEXT NOT NULL,
    severity TEXT NOT NULL CHECK (severity IN ('error', 'warn')),
    status TEXT NOT NULL CHECK (status IN ('pass', 'fail', 'error', 'skipped')),
    failures INTEGER,
    message TEXT,
    recorded_at TEXT NOT NULL,
    PRIMARY KEY (run_id, asset, check_name)
);

CREATE VIEW IF NOT EXISTS ops_runs_current AS
SELECT
    s.run_id,
    s.parent_run_id,
    s.step,
    s.resource,
    CASE
        WHEN f.run_id IS NOT NULL THEN f.status
        WHEN s.deadline_at < strftime('%Y-%m-%dT%H:%M:%fZ', 'now') THEN 'lost'
        ELSE 'running'
    END AS status,
    s.occurred_at AS started_at,
    s.deadline_at,
    f.occurred_at AS finished_at,
    f.rows_in,
    f.published,
    f.superseded,
    f.rejected,
    f.quarantined,
    f.seconds,
    f.message,
    f.details,
    s.revision,
    s.versions
FROM ops_runs AS s
LEFT JOIN ops_runs AS f ON s.run_id = f.run_id AND f.phase = 'finished'
WHERE s.phase = 'started';
