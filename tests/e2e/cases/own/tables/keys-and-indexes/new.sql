CREATE TABLE b (id integer PRIMARY KEY, a_code text REFERENCES a (code) ON DELETE CASCADE DEFERRABLE);
CREATE UNIQUE INDEX b_a_code ON b (a_code DESC) INCLUDE (id) WHERE a_code IS NOT NULL;
CREATE TABLE a (id integer, code text PRIMARY KEY, EXCLUDE USING btree (id WITH =));
