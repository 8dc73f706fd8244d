CREATE FOREIGN DATA WRAPPER files;
CREATE SERVER shelf VERSION '2' FOREIGN DATA WRAPPER files;
CREATE SERVER attic TYPE 'old' FOREIGN DATA WRAPPER files;
CREATE FOREIGN TABLE book (
    isbn character varying(20) OPTIONS (column_name 'isbn', quoted 'true'),
    pages bigint DEFAULT 2 NOT NULL,
    title text NOT NULL,
    twice bigint GENERATED ALWAYS AS (pages * 2) STORED,
    CONSTRAINT book_pages CHECK (pages > 1),
    CONSTRAINT book_title CHECK (title <> '') NOT VALID
) SERVER shelf OPTIONS (filename 'books.tsv', header 'true');
COMMENT ON FOREIGN TABLE book IS 'Books elsewhere';
COMMENT ON COLUMN book.isbn IS 'As printed';
CREATE FOREIGN TABLE moved (id integer) SERVER attic;
CREATE VIEW long_book AS SELECT isbn FROM book WHERE pages > 500;
CREATE FUNCTION check_book() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN new; END';
CREATE TRIGGER check_book BEFORE INSERT ON book FOR EACH ROW EXECUTE FUNCTION check_book();
GRANT SELECT, INSERT ON book TO PUBLIC;
CREATE TABLE log (at date NOT NULL, what text) PARTITION BY RANGE (at);
CREATE TABLE log_now PARTITION OF log FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
CREATE FOREIGN TABLE log_then PARTITION OF log (what DEFAULT 'x')
    FOR VALUES FROM (MINVALUE) TO ('2024-01-01') SERVER attic OPTIONS (filename 'log.csv');
ALTER FOREIGN TABLE log_then ALTER COLUMN what OPTIONS (ADD column_name 'w');
CREATE INDEX log_what ON log (what);
CREATE TABLE base (id integer);
CREATE FOREIGN TABLE child (more text OPTIONS (a 'b')) INHERITS (base) SERVER shelf;
CREATE FOREIGN TABLE becomes_foreign (id integer) SERVER shelf;
