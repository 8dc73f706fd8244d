CREATE TABLE t (a integer NOT NULL, b integer NOT NULL, c text) PARTITION BY LIST (a);
ALTER TABLE t ADD PRIMARY KEY (a, b);
CREATE INDEX t_c ON t (c);
CREATE TABLE t_2 PARTITION OF t FOR VALUES IN (2);
CREATE TABLE t_1 (a integer NOT NULL, b integer NOT NULL, c text, PRIMARY KEY (a, b));
CREATE INDEX t_1_c_idx ON t_1 (c);
