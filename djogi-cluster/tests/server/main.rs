//! Tests of djogi's own servers on real PostgreSQL. The versions are those of
//! `e2e::installations`. The promises hold for root and for ordinary users alike, so the tests run as either.

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
mod prune;
#[cfg(test)]
mod refusals;
#[cfg(test)]
mod scratch;
