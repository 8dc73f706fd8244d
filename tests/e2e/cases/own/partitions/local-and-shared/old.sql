CREATE TABLE owner (id integer PRIMARY KEY);
CREATE TABLE boat (id integer NOT NULL, harbour text NOT NULL, owner integer) PARTITION BY LIST (harbour);
CREATE TABLE boat_kiel PARTITION OF boat FOR VALUES IN ('kiel');
CREATE TABLE boat_oslo PARTITION OF boat FOR VALUES IN ('oslo');
CREATE UNIQUE INDEX boat_kiel_once ON boat_kiel (id);
CREATE INDEX boat_oslo_owner_idx ON boat_oslo (owner);

CREATE TABLE base (id integer NOT NULL, note text DEFAULT 'base', CONSTRAINT base_positive CHECK (id > 0));
CREATE TABLE derived (extra integer) INHERITS (base);
CREATE TABLE apart (id integer NOT NULL, note text);
