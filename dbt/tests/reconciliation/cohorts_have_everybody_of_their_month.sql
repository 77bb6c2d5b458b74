-- A cohort is everybody whose first purchase lies in its month. Returns the cohorts that differ from dim_customers.
{{ config(meta={'kind': 'reconciliation'}) }}

with

cohorts as (

    select
        cohort_month,
        max(cohort_customers) as customers,
        min(cohort_customers) as least_customers
    from {{ ref('agg_cohorts') }}
    group by cohort_month

),

people as (

    select
        {{ first_day('month', 'first_purchase_date') }} as cohort_month,
        count(*) as customers
    from {{ ref('dim_customers') }}
    where purchases > 0
    group by {{ first_day('month', 'first_purchase_date') }}

)

select
    people.cohort_month,
    people.customers,
    cohorts.customers as cohort_customers
from people
full outer join cohorts on people.cohort_month = cohorts.cohort_month
where
    people.cohort_month is null
    or cohorts.cohort_month is null
    or people.customers <> cohorts.customers
    or people.customers <> cohorts.least_customers
