with

span as (

    select * from {{ ref('int_date_span') }}

),

numbers as (

    {{ numbers(16384) }}

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
