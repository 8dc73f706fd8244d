//! Where a column's value comes from: `default = ...`, `identity`, `generated = "..."`.

use proc_macro2::{Ident, TokenStream};
use quote::{ToTokens as _, quote, quote_spanned};
use syn::ext::IdentExt as _;
use syn::parse::ParseStream;
use syn::spanned::Spanned as _;
use syn::{Error, Lit, LitBool, LitStr, Path, Result, Token, Type, parenthesized};

use crate::attr::{Keys, equals, flag, integer, refuse_nul, string, unknown};

/// What `default = ...` says.
pub(crate) enum Default {
    Identity,
    /// The next key of the field's type.
    Heeranjid,
    /// A constant, as tokens of a `DefaultDescriptor`.
    Constant(TokenStream),
    /// `OrderStatus::Pending`.
    Variant(Path),
}

const FORMS: &str = "a default is `identity`, `heeranjid`, a literal (`0`, `-1.5`, `true`, `\"text\"`), an enum variant \
                     (`Status::Open`), a function call (`now()`), or `sql(\"...\")`";

/// What SQL writes like a bare word although it is a function (manual section 9.9.5 and 9.27).
const BARE_FUNCTIONS: &[&str] = &[
    "current_date",
    "current_time",
    "current_timestamp",
    "current_role",
    "current_user",
    "localtime",
    "localtimestamp",
    "session_user",
];

impl Default {
    pub(crate) fn parse(key: &Ident, input: ParseStream<'_>) -> Result<Self> {
        equals(key, "now()", input)?;
        if input.peek(Token![-]) || (input.peek(Lit) && !input.peek(LitStr) && !input.peek(LitBool)) {
            let number = number(input)?;
            return Ok(Self::Constant(quote!(__d::DefaultDescriptor::Number(#number))));
        }
        if input.peek(LitBool) {
            let value: LitBool = input.parse()?;
            return Ok(Self::Constant(quote!(__d::DefaultDescriptor::Bool(#value))));
        }
        if input.peek(LitStr) {
            let text: LitStr = input.parse()?;
            refuse_nul(&text, &text.value())?;
            return Ok(Self::Constant(quote!(__d::DefaultDescriptor::Text(#text))));
        }
        let path = input.call(Path::parse_mod_style).map_err(|error| Error::new(error.span(), FORMS))?;
        if path.segments.len() > 1 {
            return Ok(Self::Variant(path));
        }
        Self::word(&path.require_ident()?.clone(), input)
    }

    fn word(word: &Ident, input: ParseStream<'_>) -> Result<Self> {
        let name = word.unraw().to_string();
        if input.peek(syn::token::Paren) {
            let content;
            parenthesized!(content in input);
            let sql = if name == "sql" {
                let sql = string("`sql` takes an SQL expression: `sql(\"a + b\")`", &content)?.value();
                if !content.is_empty() {
                    return Err(Error::new(content.span(), "`sql` takes one string"));
                }
                sql
            } else {
                format!("{name}({})", arguments(&content)?.join(", "))
            };
            return Ok(Self::Constant(quote!(__d::DefaultDescriptor::Sql(#sql))));
        }
        match name.as_str() {
            "identity" => Ok(Self::Identity),
            "heeranjid" => Ok(Self::Heeranjid),
            bare if BARE_FUNCTIONS.contains(&bare) => {
                let sql = bare.to_uppercase();
                Ok(Self::Constant(quote!(__d::DefaultDescriptor::Sql(#sql))))
            }
            _ => Err(Error::new(word.span(), format!("`{name}` is no default; {FORMS}"))),
        }
    }

    /// The descriptor for a column of type `ty`, and an item that makes the compiler check a named variant.
    pub(crate) fn tokens(&self, ty: &Type) -> (TokenStream, TokenStream) {
        match self {
            Self::Heeranjid => {
                let next = quote_spanned!(ty.span()=> <#ty as __d::HeeranjidKey>::NEXT);
                let default = quote!(__d::ColumnValue::Default(__d::DefaultDescriptor::Heeranjid(#next)));
                (default, TokenStream::new())
            }
            Self::Identity => {
                (quote!(__d::ColumnValue::Identity(__d::IdentityDescriptor::BY_DEFAULT)), TokenStream::new())
            }
            Self::Constant(default) => (quote!(__d::ColumnValue::Default(#default)), TokenStream::new()),
            Self::Variant(path) => {
                let mut owner = path.clone();
                let variant = owner.segments.pop().map(|last| last.ident);
                owner.segments.pop_punct();
                let variant = variant.to_token_stream().to_string();
                let default = quote! {
                    __d::ColumnValue::Default(
                        __d::DefaultDescriptor::Variant(<#owner as __d::PgEnum>::ENUM, #variant)
                    )
                };
                (default, quote!(const _: fn() -> #owner = || #path;))
            }
        }
    }
}

/// A numeric literal with its sign, without Rust's underscores.
fn number(input: ParseStream<'_>) -> Result<String> {
    let sign = if input.parse::<Option<Token![-]>>()?.is_some() { "-" } else { "" };
    let literal: Lit = input.parse().map_err(|error| Error::new(error.span(), FORMS))?;
    let (digits, suffix) = match &literal {
        Lit::Int(int) => (int.base10_digits().to_owned(), int.suffix().to_owned()),
        Lit::Float(float) => (float.base10_digits().to_owned(), float.suffix().to_owned()),
        other => return Err(Error::new(other.span(), FORMS)),
    };
    if !suffix.is_empty() {
        return Err(Error::new(literal.span(), "the column has the type; leave the suffix out"));
    }
    Ok(format!("{sign}{digits}"))
}

/// The arguments of a function call: literals only, as SQL.
fn arguments(content: ParseStream<'_>) -> Result<Vec<String>> {
    let mut arguments = Vec::new();
    while !content.is_empty() {
        arguments.push(if content.peek(LitStr) {
            let literal: LitStr = content.parse()?;
            quoted(&literal)?
        } else if content.peek(LitBool) {
            content.parse::<LitBool>()?.value.to_string()
        } else {
            number(content).map_err(|error| {
                Error::new(error.span(), "arguments are literals; write anything else as `sql(\"...\")`")
            })?
        });
        if !content.is_empty() {
            content.parse::<Token![,]>()?;
        }
    }
    Ok(arguments)
}

/// A literal, `sql("...")` or one of `words`, as SQL.
pub(crate) fn in_sql(input: ParseStream<'_>, words: &[&str]) -> Result<String> {
    if input.peek(LitStr) {
        return quoted(&input.parse()?);
    }
    if input.peek(LitBool) {
        return Ok(input.parse::<LitBool>()?.value.to_string());
    }
    if !input.peek(syn::Ident::peek_any) {
        return number(input)
            .map_err(|error| Error::new(error.span(), "a value is a literal, or `sql(\"...\")`"));
    }
    let word = input.call(Ident::parse_any)?;
    let name = word.to_string();
    if name == "sql" && input.peek(syn::token::Paren) {
        let content;
        parenthesized!(content in input);
        return Ok(string("`sql` takes an SQL expression: `sql(\"...\")`", &content)?.value());
    }
    match words.contains(&name.as_str()) {
        true => Ok(name.to_uppercase()),
        false => Err(unknown("word", &name, "a value", words.iter().copied().chain(["sql"]), word.span())),
    }
}

/// An SQL string literal, also right when `standard_conforming_strings` is off.
fn quoted(literal: &LitStr) -> Result<String> {
    let value = literal.value();
    refuse_nul(literal, &value)?;
    let prefix = if value.contains('\\') { "E" } else { "" };
    Ok(format!("{prefix}'{}'", value.replace('\\', "\\\\").replace('\'', "''")))
}

const IDENTITY: Keys = Keys::new(
    "`identity(...)`",
    &["always", "by_default", "start", "increment", "min", "max", "cache", "cycle"],
);

/// `identity`, `identity(always)`, `identity(by_default, start = 1000)`.
pub(crate) fn identity(key: &Ident, input: ParseStream<'_>) -> Result<TokenStream> {
    if !input.peek(syn::token::Paren) {
        flag(key, input)?;
        return Ok(quote!(__d::IdentityDescriptor::BY_DEFAULT));
    }
    let content;
    parenthesized!(content in input);
    let (mut mode, mut options) = (None, TokenStream::new());
    IDENTITY.parse(&content, &mut Vec::new(), |item, key, input| {
        match item {
            "always" | "by_default" => {
                flag(key, input)?;
                if mode.replace(item == "always").is_some() {
                    return Err(Error::new(key.span(), "`always` and `by_default` exclude each other"));
                }
            }
            "cycle" => {
                flag(key, input)?;
                options.extend(quote!(cycle: true,));
            }
            _ => {
                let value = integer(key, input)?;
                if item == "increment" && value == 0 {
                    return Err(Error::new(key.span(), "`increment` must not be 0"));
                }
                options.extend(quote!(#key: ::core::option::Option::Some(#value),));
            }
        }
        Ok(())
    })?;
    let base = if mode == Some(true) { quote!(ALWAYS) } else { quote!(BY_DEFAULT) };
    let base = quote!(__d::IdentityDescriptor::#base);
    Ok(if options.is_empty() { base } else { quote!(__d::IdentityDescriptor { #options ..#base }) })
}
