CREATE SUBSCRIPTION a CONNECTION 'host=127.0.0.1 port=1' PUBLICATION p WITH (connect = false, slot_name = NONE);
CREATE SUBSCRIPTION b CONNECTION 'host=127.0.0.1 port=1' PUBLICATION p WITH (connect = false, two_phase = true);
