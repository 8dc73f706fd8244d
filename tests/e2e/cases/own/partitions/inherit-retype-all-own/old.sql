CREATE TABLE p (a integer CONSTRAINT pnn NOT NULL, b integer);
CREATE TABLE c (a integer CONSTRAINT cnn NOT NULL, b integer) INHERITS (p);
