//! The derives and macros of djogi. They read attributes and write constants that name only `::djogi_core`; what the
//! constants mean for PostgreSQL is decided there. Use them through djogi-core, which re-exports them.

mod attr;
mod case;
mod columns;
mod constraint;
mod conversion;
mod field;
mod foreign_key;
mod grant;
mod index;
mod key;
mod model;
mod nearest;
mod object;
mod partition;
mod pg_composite;
mod pg_domain;
mod pg_enum;
mod pg_range;
mod pg_type;
mod security;
mod storage;
mod trigger;
mod type_head;
mod value;
mod view;

use proc_macro::TokenStream;
use syn::{DeriveInput, Error, Result, parse_macro_input};

/// Makes a struct the declaration of a table: each field is a column, and nothing is added.
///
/// `#[model(...)]` and `#[field(...)]` say the rest; the manual's `docs/models.md` lists every key.
#[proc_macro_derive(Model, attributes(model, field))]
pub fn derive_model(input: TokenStream) -> TokenStream {
    run(&parse_macro_input!(input as DeriveInput), model::derive)
}

/// Makes an enum without data the declaration of a PostgreSQL enum type.
///
/// `#[pg_enum(schema, name, rename_all, comment, renamed_from)]` at the enum, `#[label = "..."]` at a variant.
#[proc_macro_derive(PgEnum, attributes(pg_enum, label))]
pub fn derive_pg_enum(input: TokenStream) -> TokenStream {
    run(&parse_macro_input!(input as DeriveInput), pg_enum::derive)
}

/// Maps a struct with one field to the PostgreSQL type of that field.
#[proc_macro_derive(PgType)]
pub fn derive_pg_type(input: TokenStream) -> TokenStream {
    run(&parse_macro_input!(input as DeriveInput), pg_type::derive)
}

/// Makes a struct with one field the declaration of a domain over the PostgreSQL type of that field.
///
/// `#[pg_domain(schema, name, type, collate, default, not_null, check, comment, renamed_from)]` at the struct.
#[proc_macro_derive(PgDomain, attributes(pg_domain))]
pub fn derive_pg_domain(input: TokenStream) -> TokenStream {
    run(&parse_macro_input!(input as DeriveInput), pg_domain::derive)
}

/// Makes a struct the declaration of a composite type: each field is an attribute.
///
/// `#[pg_composite(schema, name, comment, renamed_from)]` at the struct, `#[field(column, type, collate, comment)]` at a
/// field.
#[proc_macro_derive(PgComposite, attributes(pg_composite, field))]
pub fn derive_pg_composite(input: TokenStream) -> TokenStream {
    run(&parse_macro_input!(input as DeriveInput), pg_composite::derive)
}

/// Makes a struct with one field, a range of Rust, the declaration of a range type.
///
/// `#[pg_range(schema, name, subtype, multirange, opclass, collate, subtype_diff, comment, renamed_from)]` at the struct.
#[proc_macro_derive(PgRange, attributes(pg_range))]
pub fn derive_pg_range(input: TokenStream) -> TokenStream {
    run(&parse_macro_input!(input as DeriveInput), pg_range::derive)
}

/// Declares a schema: `schema!(app, comment = "Everything of the shop");`
///
/// Keys: `comment`, `target`. A schema that a model, an enum or a sequence names needs this only for its comment.
#[proc_macro]
pub fn schema(input: TokenStream) -> TokenStream {
    finish(object::schema(input.into()))
}

/// Declares an extension: `extension!(btree_gist, schema = "public", version = "1.7");`
///
/// Keys: `schema`, `version`, `target`. Its name is an identifier or a string.
#[proc_macro]
pub fn extension(input: TokenStream) -> TokenStream {
    finish(object::extension(input.into()))
}

/// Declares a sequence: `sequence!(schema = "app", name = "invoice_number", start = 1000);`
///
/// Keys: `schema`, `name`, `type`, `start`, `increment`, `min`, `max`, `cache`, `cycle`, `owned_by`, `comment`,
/// `renamed_from`, `target`.
#[proc_macro]
pub fn sequence(input: TokenStream) -> TokenStream {
    finish(object::sequence(input.into()))
}

fn finish(result: Result<proc_macro2::TokenStream>) -> TokenStream {
    result.unwrap_or_else(Error::into_compile_error).into()
}

fn run(input: &DeriveInput, derive: fn(&DeriveInput) -> Result<proc_macro2::TokenStream>) -> TokenStream {
    finish(derive(input))
}
