with

sellers as (

    select * from {{ ref('stg_olist__sellers') }}

),

states as (

    select * from {{ ref('brazil_states') }}

),

members as (

    select
        sellers.seller_id,
        sellers.zip_code_prefix,
        sellers.city,
        sellers.state,
        states.region,
        sellers.latitude,
        sellers.longitude,
        sellers.has_geolocation,
        false as is_special_member
    from sellers
    left join states on sellers.state = states.state
    {%- for member in ['unknown', 'multiple'] %}
    union all
    select '{{ member }}', null, null, null, null, null, null, false, true
    {%- endfor %}

),

keyed as (

    select
        {{ surrogate_key(['seller_id']) }} as seller_key,
        members.*
    from members

)

select * from keyed
