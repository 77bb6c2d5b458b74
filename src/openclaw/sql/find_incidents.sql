-- Incidents by state (a state, `unresolved` or `any`), severity, category and a text in title, root or id; null asks for nothing.
SELECT *
FROM ops_incidents_current
WHERE
    (:state = 'any' OR state = :state OR (:state = 'unresolved' AND state <> 'resolved'))
    AND (:severity IS NULL OR severity = :severity)
    AND (:category IS NULL OR category = :category)
    AND (:text IS NULL OR instr(lower(title || ' ' || root || ' ' || incident_id), lower(:text)) > 0)
ORDER BY (state = 'resolved') ASC, CASE WHEN state <> 'resolved' THEN severity END ASC, last_seen DESC, incident_id ASC
LIMIT :limit
