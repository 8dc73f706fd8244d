//! Tests of djogi's own servers on real PostgreSQL. `DJOGI_TEST_POSTGRES` lists the installations (folders with `bin/`,
//! separated by colons); without it, the newest installed one of each major version is used. The promises hold for root and
//! for ordinary users alike, so the tests run as either.

#[cfg(test)]
mod binaries;
#[cfg(test)]
mod child;
#[cfg(test)]
mod embedded;
#[cfg(test)]
mod leftovers;
#[cfg(test)]
mod project;
#[cfg(test)]
mod refusals;
#[cfg(test)]
mod scratch;
