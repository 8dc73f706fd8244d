CREATE SCHEMA app;
CREATE SCHEMA other;
CREATE TABLE other.p (a int, b int, PRIMARY KEY (a, b), UNIQUE (b, a));
CREATE TABLE app.t (a int, b int, c int, CONSTRAINT fk FOREIGN KEY (a, b) REFERENCES other.p, CONSTRAINT u UNIQUE (c), CONSTRAINT ck CHECK (a > 0), CONSTRAINT ck2 CHECK (b > 0) NO INHERIT);
CREATE TABLE app.x (c int REFERENCES app.t (c));
