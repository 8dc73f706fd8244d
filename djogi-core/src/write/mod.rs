//! A catalog as sources: one script, SQL files with an object each, or Rust models.
//!
//! Nothing here reads or writes a file. The statements are those of a plan that leads from an empty database to the
//! catalog, so that there is one writer of SQL and one order.

mod files;
mod late;
mod models;
mod script;

pub use files::{Path, Paths, is_untouched, mark, mark_rust, text_of, write_files};
pub use models::{Models, TypeCrate, write_models};
pub use script::{LeftOut, Script, Statement, resources_of, write_script};

/// The statement with its semicolon, on a line of its own where a comment could swallow it.
pub fn terminated(sql: &str) -> String {
    let sql = sql.trim().trim_end_matches(';').trim_end();
    let ends_in_comment = sql.lines().last().is_some_and(|line| line.contains("--"));
    format!("{sql}{};", if ends_in_comment { "\n" } else { "" })
}

#[cfg(test)]
mod tests;
