CREATE TABLE t (id int PRIMARY KEY, a int4range, b numrange, c tsrange DEFAULT tsrange('2020-01-01', '2021-01-01'), d daterange, e int4range[], f int4multirange, g int8range, h tstzrange, i int4range DEFAULT '[1,2)');
CREATE INDEX ta ON t USING gist (a);
