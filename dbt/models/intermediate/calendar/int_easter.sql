with

years as (

    select distinct {{ whole('extract(year from date)') }} as year
    from {{ ref('int_days') }}

),

-- Gauss's rule, good for 1900 to 2099: Easter is d + e days after 22 March, with two exceptions.
cycles as (

    select
        year,
        mod(year, 19) as a,
        mod(year, 4) as b,
        mod(year, 7) as c
    from years

),

moons as (

    select
        *,
        mod(19 * a + 24, 30) as d
    from cycles

),

sundays as (

    select
        *,
        mod(2 * b + 4 * c + 6 * d + 5, 7) as e
    from moons

),

easter as (

    select
        year,
        case
            when d = 29 and e = 6 then 28
            when d = 28 and e = 6 and a > 10 then 27
            else d + e
        end as days_after_march_22
    from sundays

),

dated as (

    select
        year,
        {{ add_days('days_after_march_22', "cast(" ~ dbt.concat(['cast(year as ' ~ dbt.type_string() ~ ')', "'-03-22'"]) ~ " as date)") }}
            as easter_date
    from easter

)

select * from dated
