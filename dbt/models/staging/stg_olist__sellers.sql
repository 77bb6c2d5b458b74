with

source as (

    select * from {{ source('olist', 'sellers') }}

),

renamed as (

    select
        seller_id,
        seller_zip_code_prefix as zip_code_prefix,
        seller_city as city,
        seller_state as state,
        seller_latitude as latitude,
        seller_longitude as longitude,
        has_geolocation
    from source

)

select * from renamed
