//! What is created with SQL is read back as the catalog that it is.

mod columns;
mod constraints;
mod dependencies;
mod indexes;
mod objects;
mod privileges;
mod unmodelled;
