-- Customers with the coordinates of their zip prefix: the median, which a few wrong points cannot move.
WITH centres AS (
    SELECT
        geolocation_zip_code_prefix,
        median(geolocation_lat) AS latitude,
        median(geolocation_lng) AS longitude
    FROM clean_geolocation
    WHERE geolocation_zip_code_prefix IN (SELECT customer_zip_code_prefix FROM valid_customers)
    GROUP BY geolocation_zip_code_prefix
),

spellings AS (
    SELECT
        customer_city,
        customer_state,
        city_name(customer_city, customer_state) AS city
    FROM (SELECT DISTINCT
        customer_city,
        customer_state
    FROM valid_customers)
)

SELECT
    valid_customers.* REPLACE (spellings.city AS customer_city),
    centres.latitude AS customer_latitude,
    centres.longitude AS customer_longitude,
    centres.latitude IS NOT NULL AS has_geolocation
FROM valid_customers
LEFT JOIN spellings USING (customer_city, customer_state)
LEFT JOIN centres ON valid_customers.customer_zip_code_prefix = centres.geolocation_zip_code_prefix
