CREATE SCHEMA shop;
CREATE TABLE shop.items (id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name text, price numeric);
CREATE VIEW shop.prices AS SELECT name, price FROM shop.items;
CREATE FUNCTION shop.tax(numeric) RETURNS numeric LANGUAGE sql AS 'SELECT $1 * 0.2';
GRANT USAGE ON SCHEMA shop TO clerk;
GRANT SELECT, UPDATE ON shop.items TO clerk;
GRANT SELECT (name) ON shop.prices TO auditor;
GRANT EXECUTE ON FUNCTION shop.tax TO clerk;
