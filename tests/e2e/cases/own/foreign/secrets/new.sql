CREATE EXTENSION postgres_fdw;
CREATE SERVER elsewhere FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host 'a', dbname 'y', port '5');
CREATE USER MAPPING FOR PUBLIC SERVER elsewhere OPTIONS (user 'writer', password $$it's two$$, sslkey E'/a\\b');
