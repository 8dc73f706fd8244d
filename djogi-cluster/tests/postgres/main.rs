//! djogi-cluster against real servers: each test runs on each of `e2e::servers`.

#[cfg(test)]
mod backfill;
#[cfg(test)]
mod connect;
#[cfg(test)]
mod introspect;
#[cfg(test)]
mod normalise;
#[cfg(test)]
mod support;
