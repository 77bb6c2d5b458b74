with

sellers as (

    select * from {{ ref('stg_olist__sellers') }}

),

states as (

    select * from {{ ref('brazil_states') }}

),

members as (

    select
        seller_id,
        false as is_special_member
    from sellers
    {%- for member in ['unknown', 'multiple'] %}
    union all
    select
        '{{ member }}' as seller_id,
        true as is_special_member
    {%- endfor %}

),

described as (

    select
        {{ surrogate_key(['members.seller_id']) }} as seller_key,
        members.seller_id,
        sellers.zip_code_prefix,
        sellers.city,
        sellers.state,
        states.region,
        sellers.latitude,
        sellers.longitude,
        coalesce(sellers.has_geolocation, false) as has_geolocation,
        members.is_special_member
    from members
    left join sellers on members.seller_id = sellers.seller_id
    left join states on sellers.state = states.state

)

select * from described
