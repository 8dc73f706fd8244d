//! djogi-cluster against real servers: each test runs on every server of `DJOGI_TEST_SERVERS`.

#[cfg(test)]
mod connect;
#[cfg(test)]
mod introspect;
#[cfg(test)]
mod normalise;
#[cfg(test)]
mod support;
