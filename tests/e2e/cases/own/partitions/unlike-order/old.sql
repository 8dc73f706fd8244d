CREATE TABLE t (a integer NOT NULL, b integer NOT NULL, c text) PARTITION BY LIST (a);
CREATE TABLE t_1 (c text, b integer NOT NULL, a integer NOT NULL);
ALTER TABLE t ATTACH PARTITION t_1 FOR VALUES IN (1);
