CREATE SCHEMA "My Schema";
CREATE TYPE "My Schema"."En um" AS ENUM ('A"b', 'e\f');
CREATE TABLE "My Schema"."Ta.ble" ("Col umn" "My Schema"."En um" DEFAULT 'e\f', "select" bigint GENERATED ALWAYS AS IDENTITY, "ünï" varchar(9), CONSTRAINT "ch eck" CHECK ("select" > 0 AND "Col umn" <> 'e\f'));
CREATE INDEX "in.dex" ON "My Schema"."Ta.ble" ("Col umn", lower("ünï"));
CREATE VIEW "My Schema"."V" AS SELECT "Col umn" AS "user" FROM "My Schema"."Ta.ble";
CREATE FUNCTION "My Schema"."F n"("Ar g" "My Schema"."En um") RETURNS text LANGUAGE sql AS 'SELECT $1::text';
