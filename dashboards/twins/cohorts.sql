-- A cohort without purchases in a month has no row for it, so the share is of everybody in the cohorts, not of those in the rows.
select
    {{ dimension }} as dimension,
    sum(cohorts.customers) as cohort_buyers,
    sum(cohorts.customers)::numeric
    / nullif(sum(sum(cohorts.customers) filter (where cohorts.months_since_first = 0)) over (), 0) as cohort_retention,
    sum(sum(cohorts.customers) filter (where cohorts.months_since_first = 1)) over ()::numeric
    / nullif(sum(sum(cohorts.customers) filter (where cohorts.months_since_first = 0)) over (), 0) as next_month_retention
from gold.agg_cohorts as cohorts
where {{ condition }}
{{ grouping }}
