CREATE TABLE owner (id integer PRIMARY KEY);
CREATE TABLE boat (id integer NOT NULL, harbour text NOT NULL, owner integer REFERENCES owner) PARTITION BY LIST (harbour);
CREATE TABLE boat_kiel PARTITION OF boat FOR VALUES IN ('kiel');
CREATE TABLE boat_oslo PARTITION OF boat FOR VALUES IN ('oslo');
ALTER TABLE boat ADD CONSTRAINT boat_once UNIQUE (id, harbour);
CREATE INDEX boat_owner ON boat (owner);
CREATE INDEX boat_kiel_owner ON boat_kiel (owner, id);

CREATE TABLE base (id bigint NOT NULL, note text DEFAULT 'bottom');
CREATE TABLE derived (extra integer NOT NULL) INHERITS (base);
CREATE TABLE apart (id integer NOT NULL, note text);
