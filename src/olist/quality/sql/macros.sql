-- What the layers share.

-- Text without blanks and line ends around it, NULL when nothing is left. Few values have any, and looking at both ends first costs a
-- fifth of trimming all.
CREATE OR REPLACE MACRO trimmed(value) AS
CASE
    WHEN
        value < '!'
        OR suffix(value, ' ')
        OR suffix(value, chr(9))
        OR suffix(value, chr(10))
        OR suffix(value, chr(13))
        THEN nullif(trim(value, ' ' || chr(9) || chr(10) || chr(13)), '')
    ELSE value
END;
