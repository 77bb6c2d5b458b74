-- Mutes and maintenance windows that hold at :now.
SELECT *
FROM ops_silences_current
WHERE starts_at <= :now AND ends_at > :now
