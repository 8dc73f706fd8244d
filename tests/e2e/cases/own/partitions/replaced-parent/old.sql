CREATE TABLE t (a integer PRIMARY KEY, b text);
CREATE TABLE v (id integer REFERENCES t);
