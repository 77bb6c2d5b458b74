-- Events, and what the agent makes of them. Rows are only ever added: who holds a lease, which state an incident is in, what an alert
-- last said is the newest row of its key. Primary keys are what makes a second writing of one fact impossible.
ALTER TABLE ops_checks ADD COLUMN occurred_at TEXT;

CREATE INDEX ops_checks_by_check ON ops_checks (asset, check_name);

CREATE INDEX ops_runs_by_step ON ops_runs (step, phase, occurred_at);

CREATE INDEX ops_runs_by_parent ON ops_runs (parent_run_id);

CREATE TABLE ops_events (
    event_id TEXT NOT NULL PRIMARY KEY,
    type TEXT NOT NULL,
    resource TEXT NOT NULL,
    check_name TEXT,
    message TEXT NOT NULL,
    evidence TEXT NOT NULL,
    run_id TEXT,
    occurred_at TEXT NOT NULL,
    recorded_at TEXT NOT NULL
);

CREATE INDEX ops_events_by_recorded ON ops_events (recorded_at);

CREATE INDEX ops_events_by_run ON ops_events (run_id);

-- The edges of one graph of a producer; they share lineage_id and recorded_at.
CREATE TABLE ops_lineage (
    producer TEXT NOT NULL,
    lineage_id TEXT NOT NULL,
    parent TEXT NOT NULL,
    child TEXT NOT NULL,
    child_kind TEXT NOT NULL,
    child_label TEXT,
    recorded_at TEXT NOT NULL,
    PRIMARY KEY (producer, recorded_at, lineage_id, parent, child)
);

-- Which event had its effect, and in which incident: once, whoever polls.
CREATE TABLE ops_effects (
    event_id TEXT NOT NULL PRIMARY KEY,
    incident_id TEXT NOT NULL,
    signature TEXT NOT NULL,
    occurred_at TEXT NOT NULL,
    fencing INTEGER NOT NULL,
    recorded_at TEXT NOT NULL
);

CREATE INDEX ops_effects_by_incident ON ops_effects (incident_id, occurred_at);

-- Every change of an incident, with all that holds after it.
CREATE TABLE ops_incidents (
    incident_id TEXT NOT NULL,
    sequence INTEGER NOT NULL,
    change TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('open', 'acknowledged', 'resolved', 'reopened')),
    fingerprint TEXT NOT NULL,
    event_type TEXT NOT NULL,
    severity TEXT NOT NULL CHECK (severity IN ('P1', 'P2')),
    reasons TEXT NOT NULL,
    title TEXT NOT NULL,
    category TEXT NOT NULL,
    diagnosis TEXT NOT NULL,
    root TEXT NOT NULL,
    closes_on TEXT NOT NULL,
    affected TEXT NOT NULL,
    exposures TEXT NOT NULL,
    evidence TEXT NOT NULL,
    advice TEXT,
    log_url TEXT,
    actor TEXT NOT NULL,
    reason TEXT,
    fencing INTEGER,
    occurred_at TEXT NOT NULL,
    recorded_at TEXT NOT NULL,
    PRIMARY KEY (incident_id, sequence)
);

CREATE INDEX ops_incidents_by_fingerprint ON ops_incidents (fingerprint);

-- What was to be said of an incident (recorded), that it is being sent (sending), and what came of it (sent, failed).
CREATE TABLE ops_alerts (
    alert_id TEXT NOT NULL,
    version INTEGER NOT NULL,
    phase TEXT NOT NULL CHECK (phase IN ('recorded', 'sending', 'sent', 'failed')),
    attempt INTEGER NOT NULL,
    incident_id TEXT NOT NULL,
    channel TEXT NOT NULL,
    message_id TEXT,
    content TEXT,
    incident_sequence INTEGER NOT NULL,
    event_count INTEGER NOT NULL,
    error TEXT,
    fencing INTEGER NOT NULL,
    recorded_at TEXT NOT NULL,
    PRIMARY KEY (alert_id, version, phase, attempt)
);

CREATE INDEX ops_alerts_by_incident ON ops_alerts (incident_id);

-- Who may judge. The unique key elects one holder for each fencing number; a later number makes earlier ones void.
CREATE TABLE ops_leases (
    name TEXT NOT NULL,
    fencing INTEGER NOT NULL,
    sequence INTEGER NOT NULL,
    phase TEXT NOT NULL CHECK (phase IN ('acquired', 'renewed', 'released')),
    holder TEXT NOT NULL,
    expires_at TEXT NOT NULL,
    recorded_at TEXT NOT NULL,
    PRIMARY KEY (name, fencing, sequence)
);

-- Mutes and maintenance windows: no alert for incidents whose id, fingerprint or root matches the pattern, until ends_at.
CREATE TABLE ops_silences (
    silence_id TEXT NOT NULL,
    sequence INTEGER NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('mute', 'maintenance')),
    pattern TEXT NOT NULL,
    starts_at TEXT NOT NULL,
    ends_at TEXT NOT NULL,
    actor TEXT NOT NULL,
    reason TEXT NOT NULL,
    recorded_at TEXT NOT NULL,
    PRIMARY KEY (silence_id, sequence)
);

-- One row a poll, so that silence of the agent is told apart from health of the platform.
CREATE TABLE ops_heartbeats (
    name TEXT NOT NULL,
    fencing INTEGER NOT NULL,
    holder TEXT NOT NULL,
    started_at TEXT NOT NULL,
    finished_at TEXT NOT NULL,
    summary TEXT NOT NULL,
    recorded_at TEXT NOT NULL,
    PRIMARY KEY (name, fencing)
);

CREATE VIEW ops_lineage_current AS
WITH newest AS (
    SELECT
        producer,
        max(recorded_at) AS recorded_at
    FROM ops_lineage
    GROUP BY producer
)

SELECT l.*
FROM ops_lineage AS l
INNER JOIN newest ON l.producer = newest.producer AND l.recorded_at = newest.recorded_at;

CREATE VIEW ops_incidents_current AS
WITH seen AS (
    SELECT
        incident_id,
        count(*) AS event_count,
        min(occurred_at) AS first_seen,
        max(occurred_at) AS last_seen
    FROM ops_effects
    GROUP BY incident_id
)

SELECT
    i.*,
    opening.occurred_at AS opened_at,
    coalesce(seen.event_count, 0) AS event_count,
    coalesce(seen.first_seen, opening.occurred_at) AS first_seen,
    coalesce(seen.last_seen, opening.occurred_at) AS last_seen
FROM ops_incidents AS i
INNER JOIN ops_incidents AS opening ON i.incident_id = opening.incident_id AND opening.sequence = 1
LEFT JOIN seen ON i.incident_id = seen.incident_id
WHERE
    NOT EXISTS (
        SELECT 1
        FROM ops_incidents AS later
        WHERE later.incident_id = i.incident_id AND later.sequence > i.sequence
    );

CREATE VIEW ops_alerts_current AS
SELECT
    alert_id,
    incident_id,
    channel,
    max(version) AS version,
    max(incident_sequence) AS incident_sequence,
    max(event_count) AS event_count,
    max(CASE WHEN phase = 'sent' THEN version ELSE 0 END) AS sent_version,
    max(CASE WHEN phase = 'sent' THEN recorded_at END) AS sent_at,
    min(CASE WHEN phase = 'sent' THEN recorded_at END) AS first_sent_at
FROM ops_alerts
GROUP BY alert_id, incident_id, channel;

CREATE VIEW ops_silences_current AS
SELECT s.*
FROM ops_silences AS s
WHERE
    NOT EXISTS (
        SELECT 1
        FROM ops_silences AS later
        WHERE later.silence_id = s.silence_id AND later.sequence > s.sequence
    );
