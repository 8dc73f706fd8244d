CREATE TABLE a (id integer PRIMARY KEY, twice integer GENERATED ALWAYS AS (id * 2) STORED);
CREATE PUBLICATION everything FOR ALL TABLES WITH (publish = 'insert');
