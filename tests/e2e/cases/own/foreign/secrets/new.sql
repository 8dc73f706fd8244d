CREATE EXTENSION postgres_fdw;
CREATE SERVER elsewhere FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host 'a', dbname 'x', sslpassword 'it''s two');
CREATE USER MAPPING FOR PUBLIC SERVER elsewhere OPTIONS (user 'writer', password $$two$$, sslkey E'/a\\b');
