-- One Black Friday a year, the Friday after the fourth Thursday of November. Returns the years of which that is not so.
{{ config(meta={'kind': 'business_rule'}) }}

with

dates as (

    select * from {{ ref('dim_date') }}

)

select year
from dates
group by year
having
    sum(case when is_black_friday then 1 else 0 end) <> 1
    or sum(case when is_black_friday and month = 11 and day_name = 'Friday' and day_of_month between 23 and 29 then 1 else 0 end) <> 1
