CREATE SCHEMA auth;
CREATE FUNCTION auth.uid() RETURNS uuid LANGUAGE sql STABLE AS 'SELECT NULL::uuid';
CREATE TABLE profiles (id uuid PRIMARY KEY DEFAULT auth.uid(), team text, role text);
ALTER TABLE profiles ENABLE ROW LEVEL SECURITY;
CREATE POLICY "Users can view" ON profiles FOR SELECT USING (auth.uid() = id);
CREATE POLICY up ON profiles FOR UPDATE USING (auth.uid() = id) WITH CHECK (role = 'x');
CREATE VIEW pv WITH (security_invoker=on, security_barrier) AS SELECT id, team FROM profiles WHERE auth.uid() = id;
