CREATE ROLE pair_memberships_reader;
CREATE ROLE pair_memberships_writer;
CREATE ROLE pair_memberships_app LOGIN;
GRANT pair_memberships_reader TO pair_memberships_writer;
GRANT pair_memberships_reader TO pair_memberships_app;
GRANT pg_monitor TO pair_memberships_app;
