-- Good Friday is a Friday, Carnival a Monday and a Tuesday, Corpus Christi a Thursday, once in every year. Returns the years in which not.
{{ config(meta={'kind': 'business_rule'}) }}

with

dates as (

    select * from {{ ref('dim_date') }}

)

select year
from dates
group by year
having
    sum(case when holiday_name like '%Good Friday%' and day_of_week = 5 then 1 else 0 end) <> 1
    or sum(case when holiday_name like '%Carnival Monday%' and day_of_week = 1 then 1 else 0 end) <> 1
    or sum(case when holiday_name like '%Carnival Tuesday%' and day_of_week = 2 then 1 else 0 end) <> 1
    or sum(case when holiday_name like '%Corpus Christi%' and day_of_week = 4 then 1 else 0 end) <> 1
