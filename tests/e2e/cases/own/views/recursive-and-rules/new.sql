CREATE SCHEMA app;
CREATE TABLE app.n (id bigint PRIMARY KEY, parent bigint REFERENCES app.n ON DELETE CASCADE, label text);
CREATE RECURSIVE VIEW app.tree (id, depth, label) AS SELECT id, 0, label FROM app.n WHERE parent IS NULL UNION ALL SELECT n.id, t.depth + 1, n.label FROM app.n JOIN tree t ON t.id = n.parent;
CREATE VIEW app.upd AS SELECT id, parent, label FROM app.n;
CREATE RULE upd_ins AS ON INSERT TO app.upd DO INSTEAD INSERT INTO app.n VALUES (NEW.id, NEW.parent, NEW.label) RETURNING id, parent, label;
CREATE FUNCTION app.io() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW;
END';
CREATE TRIGGER io INSTEAD OF UPDATE OR DELETE ON app.upd FOR EACH ROW EXECUTE FUNCTION app.io();
