//! A small web shop: what it sells, who buys, and what was bought.
//!
//! The models are a library, so that the shop's application uses the very structs that declare its tables.

pub mod models;
