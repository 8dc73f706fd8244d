CREATE TABLE a (id integer, n integer DEFAULT 1);
CREATE TABLE b (m text) INHERITS (a);
CREATE TABLE c (m text) INHERITS (a);
CREATE TABLE d () INHERITS (b, c);
