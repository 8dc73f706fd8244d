CREATE TABLE a (id integer, x text NOT NULL);
CREATE TABLE b (id integer, x text) INHERITS (a);
