CREATE TABLE t (id int PRIMARY KEY, a int8range, b int4range, c tstzrange DEFAULT tstzrange('2020-01-01', '2021-01-01'), d tsrange, e int8range[], f int8multirange, g numrange, h daterange, i int8range DEFAULT '[1,2)');
CREATE INDEX ta ON t USING gist (a);
