//! Everything of djogi that touches the world: PostgreSQL, files and processes.

pub mod server;
