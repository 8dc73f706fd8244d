CREATE TABLE t (s varchar(20));
CREATE INDEX i ON t (s) WHERE s IN ('new','old');
CREATE VIEW v AS SELECT s FROM t WHERE s IN ('a', 'b');
CREATE POLICY p ON t USING (s IN ('a', 'b'));
CREATE MATERIALIZED VIEW m AS SELECT s FROM t WHERE s NOT IN ('a', 'b');
CREATE STATISTICS st (mcv) ON s, (s IN ('a', 'b')), (lower(s)) FROM t;
