CREATE TABLE p1 (a integer, z integer);
CREATE TABLE p2 (y integer);
CREATE TABLE c () INHERITS (p1, p2);
