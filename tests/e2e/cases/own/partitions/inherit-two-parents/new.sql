CREATE TABLE p1 (z integer);
CREATE TABLE p2 (a integer);
CREATE TABLE c () INHERITS (p1, p2);
