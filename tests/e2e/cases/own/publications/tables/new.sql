CREATE SCHEMA archive;
CREATE TABLE archive.orders (id integer PRIMARY KEY);
CREATE TABLE orders (id integer PRIMARY KEY, total double precision, remark text);
CREATE PUBLICATION warehouse FOR TABLE orders WHERE (total > 20 OR remark IS NULL), TABLES IN SCHEMA archive
    WITH (publish = 'insert, update', publish_via_partition_root = true);
COMMENT ON PUBLICATION warehouse IS 'What the warehouse gets';
CREATE PUBLICATION nothing FOR TABLE orders (id, total);
