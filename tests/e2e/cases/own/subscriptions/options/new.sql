CREATE SUBSCRIPTION shop CONNECTION 'host=127.0.0.1 port=1 dbname=shop password=two' PUBLICATION orders
  WITH (connect = false, slot_name = 'shop', streaming = off, disable_on_error = true, synchronous_commit = 'remote_write');
