-- The point of dim_customers: whoever has several customer ids in the source is one person in gold. Returns one row when nobody there has
-- more than one order although the source says otherwise.
{{ config(meta={'kind': 'business_rule'}) }}

with

source_people as (

    select count(*) as repeating
    from (
        select customer_unique_id
        from {{ ref('stg_olist__customers') }}
        group by customer_unique_id
        having count(*) > 1
    ) as people

),

gold_people as (

    select {{ count_if('orders > 1') }} as repeating
    from {{ ref('dim_customers') }}

)

select
    source_people.repeating as source_repeating,
    gold_people.repeating as gold_repeating
from source_people
cross join gold_people
where source_people.repeating <> gold_people.repeating
