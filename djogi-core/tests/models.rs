//! Models from their attributes to declared resources.

#[cfg(test)]
mod models {
    mod beyond_tables;
    mod descriptors;
    mod errors;
    mod every_attribute;
    mod lowering;
    mod ui;
    mod unread;
}
