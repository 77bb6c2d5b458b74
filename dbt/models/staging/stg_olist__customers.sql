with

source as (

    select * from {{ source('olist', 'customers') }}

),

renamed as (

    select
        customer_id,
        customer_unique_id,
        customer_zip_code_prefix as zip_code_prefix,
        customer_city as city,
        customer_state as state,
        customer_latitude as latitude,
        customer_longitude as longitude,
        has_geolocation
    from source

)

select * from renamed
