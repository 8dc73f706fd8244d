CREATE TABLE p (a integer PRIMARY KEY);
CREATE TABLE t (a integer REFERENCES p, b integer REFERENCES p NOT ENFORCED, c integer CHECK (c > 0));
