//! Everything of djogi that touches PostgreSQL, files and processes. Never prints: results, events and errors
//! are values.

pub mod connect;
pub mod introspect;
