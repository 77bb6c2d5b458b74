-- The edges of every producer's newest graph.
SELECT
    parent,
    child,
    child_kind,
    child_label
FROM ops_lineage_current
