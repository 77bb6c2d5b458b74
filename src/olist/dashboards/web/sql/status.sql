-- What is wrong with the platform, as (kind, worst severity, how many, their names), and as of when.
select
    kind,
    bool_or(severity = 'error') as is_error,
    count(*) as found,
    string_agg(distinct resource, ', ' order by resource) as names
from olist_meta.platform_status
where kind = 'check' or (kind = 'freshness' and state in ('stale', 'missing'))
group by kind
order by kind desc
