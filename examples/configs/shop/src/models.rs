//! The tables of the shop. `catalog` and `customers` live in schema `public`, `sales` in a schema of its own.

pub mod catalog;
pub mod customers;
pub mod sales;

/// Points in time are stored as `timestamp with time zone`.
pub type DateTime = chrono::DateTime<chrono::Utc>;
