CREATE TABLE p1 (a integer NOT NULL, z integer);
CREATE TABLE p2 (a integer NOT NULL);
CREATE TABLE c () INHERITS (p1, p2);
