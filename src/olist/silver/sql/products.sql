-- The catalogue. Unknown stays NULL; the flags say what is known.
SELECT
    valid_products.*,
    product_category_name IS NOT NULL AS has_category,
    coalesce(product_category_name IN (SELECT product_category_name FROM clean_category_translations), FALSE)
        AS has_category_translation,
    product_weight_g IS NOT NULL
    AND product_length_cm IS NOT NULL
    AND product_height_cm IS NOT NULL
    AND product_width_cm IS NOT NULL AS has_dimensions
FROM valid_products
