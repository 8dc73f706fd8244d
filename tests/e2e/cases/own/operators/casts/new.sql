CREATE TYPE mood AS ENUM ('low', 'high');
CREATE FUNCTION rank(mood) RETURNS integer IMMUTABLE LANGUAGE sql AS $$SELECT CASE $1 WHEN 'low' THEN 1 ELSE 2 END$$;
CREATE CAST (mood AS integer) WITH FUNCTION rank(mood) AS IMPLICIT;
COMMENT ON CAST (mood AS integer) IS 'its rank';
CREATE VIEW v AS SELECT 'low'::mood::integer AS rank;
