-- One page of incidents, each with the number of all that were asked for. `state` is a state, `unresolved` or `any`; `text` is looked for
-- in title, root, id, dashboards and evidence; `since` bounds when it was last seen. Null asks for nothing.
SELECT
    incident_id,
    state,
    severity,
    title,
    category,
    root,
    fingerprint,
    exposures,
    event_count,
    opened_at,
    first_seen,
    last_seen,
    actor,
    occurred_at,
    count(*) OVER () AS total
FROM ops_incidents_current
WHERE
    (:state = 'any' OR state = :state OR (:state = 'unresolved' AND state <> 'resolved'))
    AND (:severity IS NULL OR severity = :severity)
    AND (:category IS NULL OR category = :category)
    AND (:since IS NULL OR last_seen >= :since)
    AND (
        :text IS NULL
        OR instr(lower(title || ' ' || root || ' ' || incident_id || ' ' || exposures || ' ' || evidence), lower(:text)) > 0
    )
ORDER BY (state = 'resolved') ASC, CASE WHEN state <> 'resolved' THEN severity END ASC, last_seen DESC, incident_id ASC
LIMIT :limit OFFSET :offset
