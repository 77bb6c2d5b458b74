select
    status.layer,
    status.resource,
    status.name,
    status.state,
    status.severity,
    status.since,
    status.hours
from olist_meta.platform_status as status
where {{ condition }}
order by status.since asc, status.resource asc, status.name asc
