//! A script cut into files, one an object: a table with its constraints, indexes, triggers and comments, a view, a
//! routine with its overloads.
//!
//! Paths follow from names alone, never from what else there is, so that an object keeps its file. Each file begins with
//! a mark over the rest of it: as long as the mark fits, nobody else has written in it.

use std::collections::BTreeMap;

use super::late::Late;
use super::{Statement, terminated};
use crate::address::{Address, Kind};
use crate::desired::Desired;
use crate::digest::Digest;
use crate::ident::{Ident, QualifiedName};

/// A relative path with `/` between its parts.
pub type Path = String;

/// Which file each object has its statements in.
#[derive(Debug)]
pub struct Paths<'a> {
    catalog: &'a Desired,
    relations: BTreeMap<QualifiedName, Kind>,
}

impl<'a> Paths<'a> {
    pub fn new(catalog: &'a Desired) -> Self {
        let relations = catalog.iter().filter(|(address, _)| address.kind().is_relation());
        let relations = relations
            .filter_map(|(address, declared)| Some((declared.resource.qualified_name()?, address.kind())))
            .collect();
        Self { catalog, relations }
    }

    /// The file of the object at `address`, columns included.
    pub fn of(&self, address: &Address) -> Path {
        let owner = match self.catalog.get(address) {
            Some(declared) => declared.resource.owner_name(),
            None => address.table_of_member().and_then(|table| table.relation()),
        };
        if let Some(owner) = owner {
            let kind = self.relations.get(&owner).copied().unwrap_or(Kind::Table);
            return in_schema(&owner.schema, kind, &owner.name);
        }
        match (address.kind(), address.relation()) {
            // What files make after these comes with them, so they are read last.
            (kind, _) if kind.is_default_privilege() => {
                format!("~{}/{}.sql", folder(kind), file_name(address.name()))
            }
            (Kind::Schema, _) => format!("{}/schema.sql", file_name(address.name())),
            (kind, Some(name)) => in_schema(&name.schema, kind, &name.name),
            (kind, None) => format!("{}/{}.sql", folder(kind), file_name(address.name())),
        }
    }
}

fn in_schema(schema: &Ident, kind: Kind, name: &Ident) -> Path {
    format!("{}/{}/{}.sql", file_name(schema), folder(kind), file_name(name))
}

/// `tables`, `indexes`, `policies`.
fn folder(kind: Kind) -> String {
    let word = kind.as_str();
    match word.strip_suffix('y') {
        Some(stem) => format!("{stem}ies"),
        None if word.ends_with('s') => word.to_owned(),
        None if word.ends_with('x') => format!("{word}es"),
        None => format!("{word}s"),
    }
}

/// A name as every file system takes it. One that has to be changed for that, or that another could be taken for where
/// upper and lower case are one, has a digest of itself behind it.
fn file_name(name: &Ident) -> String {
    let is_plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    let name = name.as_str();
    if name.chars().all(is_plain) && !RESERVED.contains(&name) {
        return name.to_owned();
    }
    let is_kept = |c: char| c.is_alphanumeric() || c == '_' || c == '-';
    let kept: String = name.chars().map(|c| if is_kept(c) { c } else { '_' }).collect();
    format!("{kept}~{}", &Digest::of_bytes(name.as_bytes()).hex()[..8])
}

/// Names of devices, which Windows lets no file have.
const RESERVED: [&str; 22] = [
    "con", "prn", "aux", "nul", "com1", "com2", "com3", "com4", "com5", "com6", "com7", "com8", "com9",
    "lpt1", "lpt2", "lpt3", "lpt4", "lpt5", "lpt6", "lpt7", "lpt8", "lpt9",
];

/// The files of these statements, each with its mark.
pub fn write_files(statements: &[Statement], paths: &Paths<'_>) -> BTreeMap<Path, String> {
    let mut files: BTreeMap<Path, Vec<&Statement>> = BTreeMap::new();
    let mut late = Late::of(paths.catalog);
    for statement in statements {
        let path = match late.family(statement) {
            Some(table) => format!("~{}", in_schema(&table.schema, Kind::Table, &table.name)),
            None => paths.of(&statement.address),
        };
        files.entry(path).or_default().push(statement);
    }
    let write = |(path, statements): (Path, Vec<&Statement>)| (path, mark(&text_of(&statements)));
    files.into_iter().map(write).collect()
}

/// The statements one below the other, those of one object together.
pub fn text_of(statements: &[&Statement]) -> String {
    let mut text = String::new();
    if statements.iter().any(|statement| statement.address.kind().is_routine()) {
        // A body may name what comes after it, or what only the callers of the routine see.
        text += "SET check_function_bodies = off;\n\n";
    }
    for (at, statement) in statements.iter().enumerate() {
        let is_alone = statement.sql.contains('\n') || at > 0 && statements[at - 1].sql.contains('\n');
        if at > 0 && (is_alone || statements[at - 1].address != statement.address) {
            text.push('\n');
        }
        text += &terminated(&statement.sql);
        text.push('\n');
    }
    text
}

const MARK: &str = "Written by `djogi import`, which writes it anew as long as nobody else has. ";

/// How a line that is none of the language's begins.
const COMMENTS: [&str; 2] = ["-- ", "// "];

/// SQL with a first line that knows it.
pub fn mark(text: &str) -> String {
    format!("{}{MARK}{}\n\n{text}", COMMENTS[0], digest(text))
}

/// The same of Rust.
pub fn mark_rust(text: &str) -> String {
    format!("{}{MARK}{}\n\n{text}", COMMENTS[1], digest(text))
}

/// Whether `text` is what [`mark`] or [`mark_rust`] gave, to the byte.
pub fn is_untouched(text: &str) -> bool {
    let after = COMMENTS.iter().find_map(|comment| text.strip_prefix(comment));
    after
        .and_then(|rest| rest.strip_prefix(MARK))
        .and_then(|rest| rest.split_once("\n\n"))
        .is_some_and(|(known, rest)| known == digest(rest))
}

fn digest(text: &str) -> String {
    Digest::of_bytes(text.as_bytes()).hex()[..16].to_owned()
}
