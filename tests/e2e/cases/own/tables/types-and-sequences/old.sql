CREATE TYPE mood AS ENUM ('sad', 'happy');
CREATE SEQUENCE numbers AS integer INCREMENT BY 2;
CREATE TABLE people (id serial PRIMARY KEY, mood mood DEFAULT 'sad');
