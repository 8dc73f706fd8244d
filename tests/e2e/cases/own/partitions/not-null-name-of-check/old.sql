CREATE TABLE t (a integer CONSTRAINT x NOT NULL, b integer, CONSTRAINT y CHECK (b > 0));
