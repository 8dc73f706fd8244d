CREATE TABLE a (id integer NOT NULL, x text);
CREATE TABLE b (id integer, x text) INHERITS (a);
