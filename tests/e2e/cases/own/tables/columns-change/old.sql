CREATE TABLE items (id integer PRIMARY KEY, name varchar(20) NOT NULL, price numeric(8,2) DEFAULT 0, gone text);
