CREATE TABLE t (a integer NOT NULL, b integer NOT NULL, c text) PARTITION BY LIST (a);
CREATE TABLE t_1 (a integer NOT NULL, b integer NOT NULL, c text);
