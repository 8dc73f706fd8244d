CREATE SCHEMA app;
CREATE TYPE app.r AS ENUM ('eu', 'us');
CREATE TABLE app.s (r app.r, n int) PARTITION BY LIST (r);
CREATE TABLE app.s_eu PARTITION OF app.s FOR VALUES IN ('eu');
