CREATE SCHEMA app;
CREATE TABLE app.n (id int PRIMARY KEY, parent int REFERENCES app.n);
CREATE RECURSIVE VIEW app.tree (id, depth) AS SELECT id, 0 FROM app.n WHERE parent IS NULL UNION ALL SELECT n.id, t.depth + 1 FROM app.n JOIN tree t ON t.id = n.parent;
CREATE VIEW app.upd AS SELECT id, parent FROM app.n;
CREATE RULE upd_ins AS ON INSERT TO app.upd DO INSTEAD (INSERT INTO app.n VALUES (NEW.id, NEW.parent);
SELECT 1);
CREATE FUNCTION app.io() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW;
END';
CREATE TRIGGER io INSTEAD OF UPDATE ON app.upd FOR EACH ROW EXECUTE FUNCTION app.io();
