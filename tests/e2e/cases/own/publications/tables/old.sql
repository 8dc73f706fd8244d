CREATE TABLE orders (id integer PRIMARY KEY, total numeric, note text);
CREATE TABLE lines (id integer PRIMARY KEY, order_id integer);
CREATE PUBLICATION warehouse FOR TABLE orders (id, total) WHERE (total > 10), lines;
CREATE PUBLICATION nothing;
