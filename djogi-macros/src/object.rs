//! `schema!`, `extension!` and `sequence!`: one static descriptor each, with its registration.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens as _, quote, quote_spanned};
use syn::ext::IdentExt as _;
use syn::parse::{ParseStream, Parser as _};
use syn::spanned::Spanned as _;
use syn::{Error, LitStr, Path, Result, Token};

use crate::attr::{Keys, equals, flag, identifier, integer, line, name, refuse_nul, text, word};
use crate::columns::{Columns, Overrides};
use crate::grant::{self, Grant};
use crate::model::source;

const SCHEMA: Keys = Keys { place: "`schema!(...)`", once: &["comment", "target"], repeatable: &["grant"] };
const EXTENSION: Keys = Keys::new("`extension!(...)`", &["schema", "version", "target"]);
const SEQUENCE: Keys = Keys {
    place: "`sequence!(...)`",
    once: &[
        "schema",
        "name",
        "type",
        "start",
        "increment",
        "min",
        "max",
        "cache",
        "cycle",
        "owned_by",
        "comment",
        "renamed_from",
        "target",
    ],
    repeatable: &["grant"],
};
const SEQUENCE_TYPES: &[&str] = &["bigint", "integer", "smallint"];

/// `schema!(app, comment = "...")`.
pub(crate) fn schema(input: TokenStream) -> Result<TokenStream> {
    let parse = |input: ParseStream<'_>| {
        let (object, span) = leading_name("schema!(app)", input)?;
        let (mut overrides, mut rest) = (Overrides::default(), Rest::default());
        SCHEMA.parse(input, &mut Vec::new(), |item, key, input| {
            match item {
                "grant" => rest.grants.push(Grant::parse(&grant::ON_SCHEMA, key, input)?),
                "comment" => overrides.some("comment", Some(&text(key, input)?)),
                _ => rest.target = Some(name(key, input)?),
            }
            Ok(())
        })?;
        let ty = quote!(__d::SchemaDescriptor);
        let descriptor = overrides.over(&ty, &quote!(#ty::new(#object)));
        register(span, &rest, &quote!(Schema), &descriptor)
    };
    parse.parse2(input)
}

/// `extension!(btree_gist, schema = "public", version = "1.7")`.
pub(crate) fn extension(input: TokenStream) -> Result<TokenStream> {
    let parse = |input: ParseStream<'_>| {
        let (object, span) = leading_name("extension!(btree_gist)", input)?;
        let (mut overrides, mut rest) = (Overrides::default(), Rest::default());
        EXTENSION.parse(input, &mut Vec::new(), |item, key, input| {
            match item {
                "schema" => overrides.some("schema", Some(&name(key, input)?)),
                "version" => overrides.some("version", Some(&text(key, input)?)),
                _ => rest.target = Some(name(key, input)?),
            }
            Ok(())
        })?;
        let ty = quote!(__d::ExtensionDescriptor);
        let descriptor = overrides.over(&ty, &quote!(#ty::new(#object)));
        register(span, &rest, &quote!(Extension), &descriptor)
    };
    parse.parse2(input)
}

/// `sequence!(schema = "app", name = "invoice_number", start = 1000)`.
pub(crate) fn sequence(input: TokenStream) -> Result<TokenStream> {
    let parse = |input: ParseStream<'_>| {
        let (mut overrides, mut rest) = (Overrides::default(), Rest::default());
        let (mut schema, mut object) = (None, None);
        let mut numbers = TokenStream::new();
        SEQUENCE.parse(input, &mut Vec::new(), |item, key, input| {
            match item {
                "schema" => schema = Some(name(key, input)?),
                "name" => object = Some(name(key, input)?),
                "type" => {
                    equals(key, "bigint", input)?;
                    overrides.set("data_type", word("`type`", SEQUENCE_TYPES, input)?);
                }
                "cycle" => {
                    flag(key, input)?;
                    numbers.extend(quote!(cycle: true,));
                }
                "owned_by" => overrides.set("owned_by", owner(key, input)?),
                "comment" => overrides.some("comment", Some(&text(key, input)?)),
                "renamed_from" => overrides.some("renamed_from", Some(&text(key, input)?)),
                "target" => rest.target = Some(name(key, input)?),
                "grant" => rest.grants.push(Grant::parse(&grant::ON_SEQUENCE, key, input)?),
                number => numbers.extend(self::number(number, key, input)?),
            }
            Ok(())
        })?;
        let missing = || Error::new(Span::call_site(), "`sequence!(...)` needs `name = \"...\"`");
        let object = object.ok_or_else(missing)?;
        if !numbers.is_empty() {
            overrides
                .set("numbers", quote!(__d::SequenceNumbers { #numbers ..__d::SequenceNumbers::DEFAULT }));
        }
        let schema = crate::constraint::optional(schema.as_ref());
        let ty = quote!(__d::SequenceDescriptor);
        let descriptor = overrides.over(&ty, &quote!(#ty::new(#schema, #object)));
        register(object.span(), &rest, &quote!(Sequence), &descriptor)
    };
    parse.parse2(input)
}

/// The name that comes first, as an identifier or a string, and the comma after it.
fn leading_name(example: &str, input: ParseStream<'_>) -> Result<(String, Span)> {
    let (object, span) = if input.peek(LitStr) {
        let literal: LitStr = input.parse()?;
        refuse_nul(&literal, &literal.value())?;
        (literal.value(), literal.span())
    } else {
        let wrong = |error: Error| Error::new(error.span(), format!("a name comes first: `{example}`"));
        let ident = input.call(Ident::parse_any).map_err(wrong)?;
        if input.peek(Token![=]) {
            return Err(Error::new(ident.span(), format!("a name comes first: `{example}`")));
        }
        (ident.unraw().to_string(), ident.span())
    };
    if object.trim().is_empty() {
        return Err(Error::new(span, "an empty string says nothing here"));
    }
    identifier(&object, span)?;
    if !input.is_empty() {
        input.parse::<Token![,]>().map_err(|error| {
            Error::new(error.span(), format!("unexpected after `{object}`: items are separated by commas"))
        })?;
    }
    Ok((object, span))
}

/// `start = 1000` and the like.
fn number(item: &str, key: &Ident, input: ParseStream<'_>) -> Result<TokenStream> {
    let value = integer(key, input)?;
    match item {
        "increment" if value == 0 => Err(Error::new(key.span(), "`increment` must not be 0")),
        "cache" if value < 1 => Err(Error::new(key.span(), "`cache` is at least 1")),
        _ => Ok(quote!(#key: ::core::option::Option::Some(#value),)),
    }
}

/// `= Model.field` or `= "schema.table.column"`.
fn owner(key: &Ident, input: ParseStream<'_>) -> Result<TokenStream> {
    let expected = "Model.field`, or `owned_by = \"schema.table.column\"";
    if input.peek(Token![=]) && input.peek2(LitStr) {
        let literal = text(key, input)?;
        let written = literal.value();
        let split =
            written.rsplit_once('.').filter(|(table, column)| !table.is_empty() && !column.is_empty());
        let Some((table, column)) = split else {
            return Err(Error::new(
                literal.span(),
                format!("`{key}` takes a column: `owned_by = {expected}`"),
            ));
        };
        identifier(column, literal.span())?;
        return Ok(quote!(::core::option::Option::Some(__d::OwnerDescriptor {
            table: __d::ReferenceDescriptor::Table(#table),
            column: #column,
        })));
    }
    equals(key, expected, input)?;
    let wrong = |span| Error::new(span, format!("`{key}` takes a column: `owned_by = {expected}`"));
    let path = input.call(Path::parse_mod_style).map_err(|error| wrong(error.span()))?;
    input.parse::<Token![.]>().map_err(|_| wrong(path.span()))?;
    let column = input.call(Ident::parse_any)?.unraw().to_string();
    let table = quote_spanned!(path.span()=> <#path as __d::Referenced>::TABLE);
    Ok(quote!(::core::option::Option::Some(__d::OwnerDescriptor {
        table: __d::ReferenceDescriptor::Model(#table),
        column: #column,
    })))
}

/// What every object can say besides what it is.
#[derive(Default)]
struct Rest {
    target: Option<LitStr>,
    grants: Vec<Grant>,
}

fn register(span: Span, rest: &Rest, kind: &TokenStream, descriptor: &TokenStream) -> Result<TokenStream> {
    let mut overrides = Overrides::default();
    overrides.some("target", rest.target.as_ref());
    let no_columns = Columns(Vec::new());
    let grants = rest.grants.iter().map(|grant| grant.tokens(&no_columns)).collect::<Result<Vec<_>>>()?;
    if !grants.is_empty() {
        overrides.set("grants", quote!(&[#(#grants),*]));
    }
    let source = source(line(span));
    let ty = quote!(__d::ObjectDescriptor);
    let constructor = quote!(#ty::new(#source, __d::ObjectKind::#kind(#descriptor)));
    let object = overrides.over(&ty, &constructor).into_token_stream();
    Ok(quote! {
        const _: () = {
            use ::djogi_core::__private as __d;
            // Who sets every option leaves none to be taken from the defaults.
            #[allow(clippy::needless_update)]
            static OBJECT: __d::ObjectDescriptor = #object;
            __d::inventory::submit! { __d::ObjectRegistration(&OBJECT) }
        };
    })
}
