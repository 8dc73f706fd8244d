CREATE SUBSCRIPTION shop CONNECTION 'host=127.0.0.1 port=1 dbname=shop password=one' PUBLICATION orders, customers
  WITH (connect = false, slot_name = 'shop', binary = true, streaming = on);
COMMENT ON SUBSCRIPTION shop IS 'what the shop sells';
CREATE SUBSCRIPTION gone CONNECTION 'host=127.0.0.1 port=1 dbname=gone' PUBLICATION p WITH (connect = false);
