-- Sellers with the coordinates of their zip prefix: the median, which a few wrong points cannot move.
WITH centres AS (
    SELECT
        geolocation_zip_code_prefix,
        median(geolocation_lat) AS latitude,
        median(geolocation_lng) AS longitude
    FROM clean_geolocation
    WHERE geolocation_zip_code_prefix IN (SELECT seller_zip_code_prefix FROM valid_sellers)
    GROUP BY geolocation_zip_code_prefix
),

spellings AS (
    SELECT
        seller_city,
        seller_state,
        city_name(seller_city, seller_state) AS city
    FROM (SELECT DISTINCT
        seller_city,
        seller_state
    FROM valid_sellers)
)

SELECT
    valid_sellers.* REPLACE (spellings.city AS seller_city),
    centres.latitude AS seller_latitude,
    centres.longitude AS seller_longitude,
    centres.latitude IS NOT NULL AS has_geolocation
FROM valid_sellers
LEFT JOIN spellings USING (seller_city, seller_state)
LEFT JOIN centres ON valid_sellers.seller_zip_code_prefix = centres.geolocation_zip_code_prefix
