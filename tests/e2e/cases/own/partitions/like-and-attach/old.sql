CREATE TABLE t (a integer NOT NULL, b integer NOT NULL, c text) PARTITION BY LIST (a);
ALTER TABLE t ADD PRIMARY KEY (a, b);
CREATE INDEX t_c ON t (c);
