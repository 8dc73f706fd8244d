//! The name of a new cargo package, from the name of its folder.

use std::path::Path;

use crate::diagnostic::{CliError, Diagnostic};

/// Lower-case letters, digits, `-` and `_`, beginning with a letter: what cargo takes everywhere.
///
/// # Errors
/// Nothing usable is left of the folder's name.
pub(super) fn package_name(folder: &Path) -> Result<String, CliError> {
    // `djogi init ..` names a folder by the way to it; its own name comes from the file system.
    let real = folder.canonicalize().unwrap_or_else(|_| folder.to_owned());
    let given = real.file_name().map(|name| name.to_string_lossy().to_lowercase()).unwrap_or_default();
    let name: String = given
        .chars()
        .map(|letter| if letter.is_ascii_alphanumeric() || letter == '_' { letter } else { '-' })
        .collect();
    let name = name.trim_matches(['-', '_']);
    if !name.starts_with(|first: char| first.is_ascii_lowercase()) {
        let message = format!("cannot make a package name of the folder {}", real.display());
        return Err(Diagnostic::error("unusable_name", message)
            .help("choose a folder whose name begins with a letter, `djogi init DIR`")
            .into());
    }
    let taken = ["djogi-cli", "djogi-core", "djogi-cluster", "djogi-macros", "test", "core", "std"];
    match taken.contains(&name) || is_keyword(name) {
        true => Ok(format!("{name}-database")),
        false => Ok(name.to_owned()),
    }
}

/// Cargo refuses Rust's keywords as names of packages.
fn is_keyword(name: &str) -> bool {
    const KEYWORDS: [&str; 51] = [
        "abstract", "as", "async", "await", "become", "box", "break", "const", "continue", "crate", "do",
        "dyn", "else", "enum", "extern", "false", "final", "fn", "for", "gen", "if", "impl", "in", "let",
        "loop", "macro", "match", "mod", "move", "mut", "override", "priv", "pub", "ref", "return", "self",
        "static", "struct", "super", "trait", "true", "try", "type", "typeof", "unsafe", "unsized", "use",
        "virtual", "where", "while", "yield",
    ];
    KEYWORDS.contains(&name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_gives_its_package_a_name_that_cargo_takes() {
        for (folder, name) in [
            ("/p/shop", "shop"),
            ("/p/My Shop", "my-shop"),
            ("/p/café", "caf"),
            ("/p/_x_", "x"),
            ("/p/match", "match-database"),
            ("/p/djogi-core", "djogi-core-database"),
        ] {
            assert_eq!(package_name(Path::new(folder)).unwrap(), name, "{folder}");
        }
        for folder in ["/", "/p/2024", "/p/商店"] {
            assert_eq!(
                package_name(Path::new(folder)).unwrap_err().diagnostics[0].code,
                "unusable_name",
                "{folder}"
            );
        }
    }
}
