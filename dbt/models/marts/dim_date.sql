with

days as (

    select * from {{ ref('int_days') }}

),

holidays as (

    select * from {{ ref('int_holidays') }}

),

parts as (

    select
        days.date,
        {{ whole('extract(year from days.date)') }} as year,
        {{ whole('extract(quarter from days.date)') }} as quarter,
        {{ whole('extract(month from days.date)') }} as month,
        {{ first_day('month', 'days.date') }} as month_start_date,
        {{ whole('extract(day from days.date)') }} as day_of_month,
        {{ iso_day_of_week('days.date') }} as day_of_week,
        holidays.holiday_name,
        holidays.holiday_type
    from days
    left join holidays on days.date = holidays.date

),

-- An ISO week belongs to the year of its Thursday.
thursdays as (

    select
        *,
        {{ add_days('4 - day_of_week', 'date') }} as thursday
    from parts

),

calendar as (

    select
        date,
        year,
        quarter,
        {{ dbt.concat(['cast(year as ' ~ dbt.type_string() ~ ')', "'-Q'", 'cast(quarter as ' ~ dbt.type_string() ~ ')']) }} as quarter_name,
        month,
        {{ name_of('month', month_names()) }} as month_name,
        month_start_date,
        day_of_month,
        {{ days_between(first_day('year', 'date'), 'date') }} + 1 as day_of_year,
        day_of_week,
        {{ name_of('day_of_week', day_names()) }} as day_name,
        {{ whole('extract(year from thursday)') }} as iso_year,
        {{ whole('floor(' ~ days_between(first_day('year', 'thursday'), 'thursday') ~ ' / 7) + 1') }} as iso_week,
        day_of_week >= 6 as is_weekend,
        holiday_type is not null as is_holiday,
        holiday_name,
        holiday_type,
        month = 11 and day_of_week = 5 and day_of_month between 23 and 29 as is_black_friday,
        day_of_week < 6 and holiday_type is null as is_business_day
    from thursdays

)

select * from calendar
