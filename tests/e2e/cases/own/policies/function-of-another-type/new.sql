CREATE SCHEMA auth;
CREATE FUNCTION auth.uid() RETURNS text LANGUAGE sql STABLE AS 'SELECT NULL::text';
CREATE TABLE profiles (id text PRIMARY KEY DEFAULT auth.uid(), team bigint, role text COLLATE "C");
ALTER TABLE profiles ENABLE ROW LEVEL SECURITY;
CREATE POLICY "Users can view" ON profiles FOR SELECT USING ((SELECT auth.uid()) = id);
CREATE POLICY up ON profiles FOR UPDATE USING (auth.uid() = id) WITH CHECK (role = 'y');
CREATE VIEW pv WITH (security_invoker=on) AS SELECT id, team FROM profiles WHERE auth.uid() = id;
