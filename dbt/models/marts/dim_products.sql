with

products as (

    select * from {{ ref('stg_olist__products') }}

),

translations as (

    select * from {{ ref('stg_olist__category_translations') }}

),

members as (

    select
        products.product_id,
        coalesce(translations.category_name_english, products.category_name, 'unknown') as category,
        products.category_name as category_portuguese,
        products.has_category,
        products.has_category_translation,
        products.name_length,
        products.description_length,
        products.photos,
        products.weight_g,
        products.length_cm,
        products.height_cm,
        products.width_cm,
        products.length_cm * products.height_cm * products.width_cm as volume_cm3,
        products.has_dimensions,
        false as is_special_member
    from products
    left join translations on products.category_name = translations.category_name
    union all
    select 'unknown', 'unknown', null, false, false, null, null, null, null, null, null, null, null, false, true

),

keyed as (

    select
        {{ surrogate_key(['product_id']) }} as product_key,
        members.*
    from members

)

select * from keyed
