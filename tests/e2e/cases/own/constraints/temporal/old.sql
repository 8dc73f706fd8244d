CREATE TABLE rooms (id int4range, during daterange);
CREATE TABLE stays (room int4range, during daterange);
