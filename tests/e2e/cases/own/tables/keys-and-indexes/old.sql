CREATE TABLE a (id integer PRIMARY KEY, code text UNIQUE);
CREATE TABLE b (id integer PRIMARY KEY, a_id integer REFERENCES a (id));
CREATE INDEX b_a_id ON b (a_id);
