with

rules as (

    select * from {{ ref('brazil_holidays') }}

),

easter as (

    select * from {{ ref('int_easter') }}

),

dated as (

    select
        case
            when rules.month_day is null then {{ add_days('rules.easter_offset_days', 'easter.easter_date') }}
            else cast({{ dbt.concat(['cast(easter.year as ' ~ dbt.type_string() ~ ')', "'-'", 'rules.month_day']) }} as date)
        end as date,
        rules.holiday_name,
        rules.holiday_type
    from easter
    inner join rules on easter.year >= rules.first_year

),

-- Good Friday can fall on Tiradentes Day: one row a day, the law's holiday naming its type.
holidays as (

    select
        date,
        case
            when count(*) = 1 then min(holiday_name)
            else {{ dbt.concat(['min(holiday_name)', "' and '", 'max(holiday_name)']) }}
        end as holiday_name,
        min(holiday_type) as holiday_type
    from dated
    group by date

)

select * from holidays
