select
    {{ dimension }} as dimension,
    max(status.hours) filter (where status.kind = 'freshness') as hours_since_delivery,
    min(status.since) filter (where status.kind = 'freshness') as oldest_delivery_at,
    count(*) filter (where status.kind = 'freshness' and status.state in ('stale', 'missing')) as late_tables,
    count(*) filter (where status.kind = 'check') as failed_checks,
    count(*) filter (where status.kind = 'incident') as open_incidents,
    max(status.as_of) as status_at
from olist_meta.platform_status as status
where {{ condition }}
{{ grouping }}
