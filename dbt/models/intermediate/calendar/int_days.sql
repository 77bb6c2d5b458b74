{{ config(materialized='table') }}

with

span as (

    select * from {{ ref('int_date_span') }}

),

-- 45 years: more than any shop's history, and a day missing from the calendar would fail a test.
numbers as (

    select series.generated_number from {{ numbers(16384) }} as series

),

days as (

    select {{ add_days('numbers.generated_number - 1', 'span.first_date') }} as date
    from span
    cross join numbers

),

spanned as (

    select days.date
    from days
    inner join span on days.date <= span.last_date

)

select * from spanned
