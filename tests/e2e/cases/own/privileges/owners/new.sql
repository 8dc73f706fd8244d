CREATE TABLE ledger (id serial, note varchar(100));
ALTER TABLE ledger OWNER TO auditor;
CREATE VIEW notes AS SELECT note FROM ledger;
ALTER VIEW notes OWNER TO clerk;
GRANT SELECT ON ledger TO clerk;
