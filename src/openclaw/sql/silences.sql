-- Mutes and maintenance windows that hold at :now, or will.
SELECT *
FROM ops_silences_current
WHERE ends_at > :now
ORDER BY starts_at, silence_id
