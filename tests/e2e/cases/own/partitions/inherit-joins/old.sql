CREATE TABLE a (id integer NOT NULL, x text);
CREATE TABLE b (id integer NOT NULL, x text, y integer);
