CREATE TABLE t (s varchar(20), CONSTRAINT ck CHECK (s IN ('new','old')));
