CREATE TABLE p (a bigint CONSTRAINT pnn NOT NULL, b integer);
CREATE TABLE c (a bigint CONSTRAINT cnn NOT NULL, b integer) INHERITS (p);
