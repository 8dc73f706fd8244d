CREATE TABLE reading (
    sensor integer NOT NULL,
    taken timestamptz NOT NULL,
    value numeric DEFAULT 0,
    CONSTRAINT reading_key PRIMARY KEY (sensor, taken)
) PARTITION BY RANGE (taken);
CREATE TABLE reading_early PARTITION OF reading FOR VALUES FROM (MINVALUE) TO ('2024-01-01 00:00:00+00');
CREATE TABLE reading_2024 PARTITION OF reading (value DEFAULT 1)
    FOR VALUES FROM ('2024-01-01 00:00:00+00') TO ('2025-01-01 00:00:00+00');
CREATE TABLE reading_rest PARTITION OF reading DEFAULT;
CREATE INDEX reading_value ON reading (value);

CREATE TABLE shelf (region text NOT NULL, code integer) PARTITION BY LIST (region);
CREATE TABLE shelf_north PARTITION OF shelf FOR VALUES IN ('n', 'ne') PARTITION BY HASH (code);
CREATE TABLE shelf_north_0 PARTITION OF shelf_north FOR VALUES WITH (MODULUS 2, REMAINDER 0);
CREATE TABLE shelf_north_1 PARTITION OF shelf_north FOR VALUES WITH (MODULUS 2, REMAINDER 1);
