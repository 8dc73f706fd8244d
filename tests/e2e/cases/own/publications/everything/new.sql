CREATE TABLE a (id integer PRIMARY KEY, twice integer GENERATED ALWAYS AS (id * 2) STORED);
CREATE TABLE b (id integer PRIMARY KEY);
CREATE PUBLICATION everything FOR TABLE a, b WITH (publish_generated_columns = stored);
