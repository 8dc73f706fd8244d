CREATE SUBSCRIPTION a CONNECTION 'host=127.0.0.1 port=1' PUBLICATION p WITH (connect = false, slot_name = 'a');
CREATE SUBSCRIPTION b CONNECTION 'host=127.0.0.1 port=1' PUBLICATION p WITH (connect = false);
COMMENT ON SUBSCRIPTION b IS 'in one phase';
