with

orders as (

    select * from {{ ref('stg_olist__orders') }}

),

reviews as (

    select * from {{ ref('stg_olist__order_reviews') }}

),

dates as (

    {%- for day in ['order_date', 'estimated_delivery_date', 'cast(delivered_at as date)'] %}
    select
        min({{ day }}) as first_date,
        max({{ day }}) as last_date
    from orders
    union all
    {%- endfor %}
    {%- for day in ['survey_date', 'cast(answered_at as date)'] %}
    select
        min({{ day }}) as first_date,
        max({{ day }}) as last_date
    from reviews
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}

),

span as (

    select
        {{ first_day('year', 'min(first_date)') }} as first_date,
        -- The day before the first of the following year.
        {{ add_days(-1, first_day('year', add_days(366, first_day('year', 'max(last_date)')))) }} as last_date
    from dates

)

select * from span
