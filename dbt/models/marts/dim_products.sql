with

products as (

    select * from {{ ref('stg_olist__products') }}

),

translations as (

    select * from {{ ref('stg_olist__category_translations') }}

),

members as (

    select
        product_id,
        false as is_special_member
    from products
    union all
    select
        'unknown' as product_id,
        true as is_special_member

),

described as (

    select
        {{ surrogate_key(['members.product_id']) }} as product_key,
        members.product_id,
        coalesce(translations.category_name_english, products.category_name, 'unknown') as category,
        products.category_name as category_portuguese,
        coalesce(products.has_category, false) as has_category,
        coalesce(products.has_category_translation, false) as has_category_translation,
        products.name_length,
        products.description_length,
        products.photos,
        products.weight_g,
        products.length_cm,
        products.height_cm,
        products.width_cm,
        products.length_cm * products.height_cm * products.width_cm as volume_cm3,
        coalesce(products.has_dimensions, false) as has_dimensions,
        members.is_special_member
    from members
    left join products on members.product_id = products.product_id
    left join translations on products.category_name = translations.category_name

)

select * from described
