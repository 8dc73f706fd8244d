CREATE TABLE t (a integer CONSTRAINT y NOT NULL, b integer, CONSTRAINT x CHECK (b > 0));
