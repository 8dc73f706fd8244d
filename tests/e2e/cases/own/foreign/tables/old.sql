CREATE FOREIGN DATA WRAPPER files;
CREATE SERVER shelf FOREIGN DATA WRAPPER files;
CREATE SERVER attic FOREIGN DATA WRAPPER files;
CREATE FOREIGN TABLE book (
    isbn text OPTIONS (column_name 'ISBN') NOT NULL,
    pages integer DEFAULT 1,
    CONSTRAINT book_pages CHECK (pages > 0)
) SERVER shelf OPTIONS (filename 'books.csv', format 'csv');
CREATE FOREIGN TABLE moved (id integer) SERVER shelf;
CREATE FOREIGN TABLE gone (id integer) SERVER attic;
CREATE TABLE log (at date NOT NULL, what text) PARTITION BY RANGE (at);
CREATE TABLE log_now PARTITION OF log FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
CREATE TABLE base (id integer);
CREATE TABLE becomes_foreign (id integer);
