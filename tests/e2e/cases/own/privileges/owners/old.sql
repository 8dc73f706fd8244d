CREATE TABLE ledger (id serial, note text);
ALTER TABLE ledger OWNER TO clerk;
CREATE VIEW notes AS SELECT note FROM ledger;
ALTER VIEW notes OWNER TO clerk;
GRANT SELECT ON ledger TO auditor;
