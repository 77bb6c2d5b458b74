-- What the tables' SQL shares.

-- Lower case, without accents, state and country suffixes, remarks and punctuation, so that one city has one spelling:
-- 'São Paulo - SP', 'sao paulo / sao paulo' and 'SAO PAULO' are 'sao paulo'. NULL where nothing but digits is left, or an address.
CREATE OR REPLACE MACRO plain_city(city) AS
trim(regexp_replace(
    regexp_replace(lower(strip_accents(city)), '\s*[/\\,(].*$|\s+-\s+.*$', ''),
    '[^a-z0-9]+', ' ', 'g'
));

CREATE OR REPLACE MACRO city_name(city, state) AS
CASE
    WHEN contains(city, '@') OR NOT regexp_matches(plain_city(city), '[a-z]') THEN NULL
    WHEN suffix(plain_city(city), ' ' || lower(state)) AND length(plain_city(city)) > 3
        THEN left(plain_city(city), -3)
    ELSE plain_city(city)
END;
