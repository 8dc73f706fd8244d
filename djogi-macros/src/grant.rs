//! `grant(...)`: what roles may do with a relation, a schema or a sequence.

use proc_macro2::{Ident, Span, TokenStream};
use quote::quote;
use syn::parse::ParseStream;
use syn::{Error, Result};

use crate::attr::{Keys, flag, line, list};
use crate::columns::{Columns, Overrides};
use crate::constraint::{column_list, options};
use crate::security::role;

/// Privileges for some roles.
pub(crate) struct Grant {
    span: Span,
    /// With the columns that each is for, or none for the whole.
    privileges: Vec<(&'static str, Vec<Ident>)>,
    roles: Vec<String>,
    grantable: bool,
}

macro_rules! keys {
    ($what:literal: $($privilege:literal)*) => {
        Keys::new($what, &[$($privilege,)* "to", "with_grant_option"])
    };
}

/// On a table or a view.
pub(crate) const ON_RELATION: Keys =
    keys!("`grant(...)`": "select" "insert" "update" "delete" "truncate" "references" "trigger" "maintain");
pub(crate) const ON_SCHEMA: Keys = keys!("`grant(...)` of a schema": "usage" "create");
pub(crate) const ON_SEQUENCE: Keys = keys!("`grant(...)` of a sequence": "usage" "select" "update");

/// The privileges that can be given on single columns (manual, reference page of GRANT).
const ON_COLUMNS: [&str; 4] = ["select", "insert", "update", "references"];

impl Grant {
    /// `grant(select, update(total, status), to(app_rw))`.
    pub(crate) fn parse(keys: &Keys, key: &Ident, input: ParseStream<'_>) -> Result<Self> {
        // Only a relation has columns, and only its rows can be deleted.
        let has_columns = keys.once.contains(&"delete");
        let mut grant =
            Self { span: key.span(), privileges: Vec::new(), roles: Vec::new(), grantable: false };
        let mut everybody = None;
        options(keys, key, input, |item, key, input| {
            match item {
                "to" => {
                    let roles = list(key, "app_rw", input, role)?;
                    everybody = roles.iter().find(|(role, _)| role == "public").map(|(_, span)| *span);
                    grant.roles = roles.into_iter().map(|(role, _)| role).collect();
                }
                "with_grant_option" => {
                    flag(key, input)?;
                    grant.grantable = true;
                }
                _ => {
                    let columns =
                        match has_columns && ON_COLUMNS.contains(&item) && input.peek(syn::token::Paren) {
                            true => column_list(key, input)?,
                            false => {
                                flag(key, input)?;
                                Vec::new()
                            }
                        };
                    let known = keys.once.iter().copied().find(|known| *known == item);
                    grant.privileges.extend(known.map(|privilege| (privilege, columns)));
                }
            }
            Ok(())
        })?;
        if grant.privileges.is_empty() {
            let known: Vec<&str> = keys.once.iter().copied().take(keys.once.len() - 2).collect();
            let message = format!("`grant(...)` needs privileges: {}", known.join(", "));
            return Err(Error::new(key.span(), message));
        }
        if grant.roles.is_empty() {
            return Err(Error::new(key.span(), "`grant(...)` needs `to(role)`; `to(public)` is everybody"));
        }
        if let (Some(span), true) = (everybody, grant.grantable) {
            return Err(Error::new(span, "PostgreSQL gives `public` no grant options"));
        }
        Ok(grant)
    }

    pub(crate) fn tokens(&self, columns: &Columns) -> Result<TokenStream> {
        let (line, roles) = (line(self.span), &self.roles);
        let mut privileges = Vec::with_capacity(self.privileges.len());
        for (privilege, of) in &self.privileges {
            let variant = variant(privilege);
            let columns = if of.is_empty() { quote!(&[]) } else { columns.list(of)? };
            privileges.push(quote!((#variant, #columns)));
        }
        let mut overrides = Overrides::default();
        overrides.when("grantable", self.grantable);
        let ty = quote!(__d::GrantDescriptor);
        Ok(overrides.over(&ty, &quote!(#ty::new(#line, &[#(#privileges),*], &[#(#roles),*]))))
    }
}

fn variant(privilege: &str) -> TokenStream {
    match privilege {
        "select" => quote!(__d::Privilege::Select),
        "insert" => quote!(__d::Privilege::Insert),
        "update" => quote!(__d::Privilege::Update),
        "delete" => quote!(__d::Privilege::Delete),
        "truncate" => quote!(__d::Privilege::Truncate),
        "references" => quote!(__d::Privilege::References),
        "trigger" => quote!(__d::Privilege::Trigger),
        "maintain" => quote!(__d::Privilege::Maintain),
        "usage" => quote!(__d::Privilege::Usage),
        _ => quote!(__d::Privilege::Create),
    }
}
