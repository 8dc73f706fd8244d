//! Models from their attributes to declared resources.

#[cfg(test)]
mod models {
    mod descriptors;
    mod errors;
    mod every_attribute;
    mod lowering;
    mod ui;
    mod unread;
}
