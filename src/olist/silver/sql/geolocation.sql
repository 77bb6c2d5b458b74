-- Coordinates by zip prefix, with one spelling per city. A million rows hold some 8,000 spellings: each is worked out once.
WITH spellings AS (
    SELECT
        geolocation_city,
        geolocation_state,
        city_name(geolocation_city, geolocation_state) AS city
    FROM (SELECT DISTINCT
        geolocation_city,
        geolocation_state
    FROM valid_geolocation)
)

SELECT valid_geolocation.* REPLACE (spellings.city AS geolocation_city)
FROM valid_geolocation
INNER JOIN spellings USING (geolocation_city, geolocation_state)
