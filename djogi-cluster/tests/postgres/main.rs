//! djogi-cluster against real servers: each test runs on every server of `DJOGI_TEST_SERVERS`.

mod connect;
mod introspect;
mod normalise;
mod support;
