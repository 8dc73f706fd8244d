//! `row_level_security(...)`, `policy(...)` and `tenant_key`.

use proc_macro2::{Ident, Span, TokenStream};
use quote::quote;
use syn::ext::IdentExt as _;
use syn::parse::ParseStream;
use syn::{Error, LitStr, Result};

use crate::attr::{Keys, equals, flag, identifier, line, list, name, string, text, word};
use crate::columns::{Columns, Overrides};
use crate::constraint::options;

/// `row_level_security(enable)`, `(force)` or `(disable)`.
pub(crate) struct RowSecurity {
    span: Span,
    word: &'static str,
}

impl RowSecurity {
    pub(crate) fn parse(key: &Ident, input: ParseStream<'_>) -> Result<Self> {
        let known = &["enable", "force", "disable"];
        let words = list(key, "enable", input, |input| word("`row_level_security`", known, input))?;
        // `force` is `enable`, and more; both may stand there as in SQL.
        let given = |wanted: &str| words.contains(&wanted);
        let word = match (given("disable"), given("force")) {
            (true, _) if words.len() > 1 => {
                return Err(Error::new(key.span(), "`disable` stands alone"));
            }
            (true, _) => "disable",
            (false, true) => "force",
            (false, false) => "enable",
        };
        Ok(Self { span: key.span(), word })
    }

    /// `None` is the default.
    pub(crate) fn tokens(&self) -> Option<TokenStream> {
        match self.word {
            "enable" => Some(quote!(__d::RowSecurity::Enabled)),
            "force" => Some(quote!(__d::RowSecurity::Forced)),
            _ => None,
        }
    }

    /// What stands beside it makes it so.
    pub(crate) fn with_tenant_key(&self) -> Result<()> {
        if self.word == "force" {
            return Ok(());
        }
        let message = "`tenant_key` enables and forces row security; leave this out, or write `force`";
        Err(Error::new(self.span, message))
    }
}

/// A row security policy.
pub(crate) struct Policy {
    span: Span,
    name: LitStr,
    command: &'static str,
    roles: Vec<String>,
    restrictive: bool,
    using: Option<LitStr>,
    check: Option<LitStr>,
    comment: Option<LitStr>,
}

const POLICY: Keys =
    Keys::new("`policy(...)`", &["name", "for", "to", "using", "check", "restrictive", "comment"]);

/// Words that PostgreSQL replaces by the role that happens to make the policy.
const SESSION_ROLES: &[&str] = &["current_user", "current_role", "session_user", "user"];

impl Policy {
    /// `policy(name = "...", for = select, to(reader), using = "...")`.
    pub(crate) fn parse(key: &Ident, input: ParseStream<'_>) -> Result<Self> {
        let (mut policy_name, mut command, mut roles) = (None, "all", Vec::new());
        let (mut using, mut check, mut comment, mut restrictive) = (None, None, None, false);
        options(&POLICY, key, input, |item, key, input| {
            match item {
                "name" => policy_name = Some(name(key, input)?),
                "for" => {
                    equals(key, "select", input)?;
                    let commands = &["all", "select", "insert", "update", "delete"];
                    command = word("`for`", commands, input)?;
                }
                "to" => roles = list(key, "app_rw", input, role)?,
                "using" => using = Some(text(key, input)?),
                "check" => check = Some(text(key, input)?),
                "comment" => comment = Some(text(key, input)?),
                _ => {
                    flag(key, input)?;
                    restrictive = true;
                }
            }
            Ok(())
        })?;
        let missing = || Error::new(key.span(), "`policy(...)` needs `name = \"...\"`");
        let policy_name = policy_name.ok_or_else(missing)?;
        match (command, &using, &check) {
            ("insert", Some(using), _) => {
                let message = "rows that are inserted are not seen before; `check` says which may be";
                return Err(Error::new(using.span(), message));
            }
            ("select" | "delete", _, Some(check)) => {
                let message = "nothing is written here; `using` says which rows are meant";
                return Err(Error::new(check.span(), message));
            }
            (_, None, None) => {
                let needed = if command == "insert" { "check" } else { "using" };
                let message = format!("`policy(...)` needs `{needed} = \"...\"`");
                return Err(Error::new(key.span(), message));
            }
            _ => {}
        }
        if roles.len() > 1
            && let Some((_, span)) = roles.iter().find(|(role, _)| role == "public")
        {
            return Err(Error::new(*span, "`public` is everybody, so no other role stands beside it"));
        }
        let roles = roles.into_iter().map(|(role, _)| role).filter(|role| role != "public").collect();
        let span = key.span();
        Ok(Self { span, name: policy_name, command, roles, restrictive, using, check, comment })
    }

    pub(crate) fn span(&self) -> Span {
        self.span
    }

    pub(crate) fn tokens(&self) -> TokenStream {
        let (name, line) = (&self.name, line(self.span));
        let mut overrides = Overrides::default();
        let command = match self.command {
            "select" => Some(quote!(__d::PolicyCommand::Select)),
            "insert" => Some(quote!(__d::PolicyCommand::Insert)),
            "update" => Some(quote!(__d::PolicyCommand::Update)),
            "delete" => Some(quote!(__d::PolicyCommand::Delete)),
            _ => None,
        };
        if let Some(command) = command {
            overrides.set("command", command);
        }
        if !self.roles.is_empty() {
            let roles = &self.roles;
            overrides.set("roles", quote!(&[#(#roles),*]));
        }
        overrides.when("restrictive", self.restrictive);
        overrides.some("using", self.using.as_ref());
        overrides.some("check", self.check.as_ref());
        overrides.some("comment", self.comment.as_ref());
        let ty = quote!(__d::PolicyDescriptor);
        overrides.over(&ty, &quote!(#ty::new(#name, #line)))
    }
}

/// A role by its name, as an identifier or a string.
pub(crate) fn role(input: ParseStream<'_>) -> Result<(String, Span)> {
    let (role, span) = if input.peek(LitStr) {
        let literal = string("a role", input)?;
        (literal.value(), literal.span())
    } else {
        let wrong = |error: Error| Error::new(error.span(), "a role is an identifier or a string");
        let ident = input.call(Ident::parse_any).map_err(wrong)?;
        let role = ident.unraw().to_string();
        if SESSION_ROLES.contains(&role.as_str()) {
            let message = format!("`{role}` would be whoever makes it; name the role");
            return Err(Error::new(ident.span(), message));
        }
        (role, ident.span())
    };
    identifier(&role, span)?;
    Ok((role, span))
}

/// `tenant_key = tenant_id`, or `tenant_key(tenant_id, setting = "app.tenant_id")`.
pub(crate) struct TenantKey {
    pub(crate) column: Ident,
    setting: Option<LitStr>,
}

/// The setting when none is given.
const TENANT_SETTING: &str = "app.tenant_id";

impl TenantKey {
    pub(crate) fn parse(key: &Ident, input: ParseStream<'_>) -> Result<Self> {
        let wrong = |error: Error| Error::new(error.span(), "a field name is expected here");
        if !input.peek(syn::token::Paren) {
            equals(key, "tenant_id", input)?;
            let column = input.call(Ident::parse_any).map_err(wrong)?;
            return Ok(Self { column, setting: None });
        }
        let content;
        syn::parenthesized!(content in input);
        let column = content.call(Ident::parse_any).map_err(wrong)?;
        let mut setting = None;
        if !content.is_empty() {
            content.parse::<syn::Token![,]>()?;
        }
        let keys = Keys::new("`tenant_key(...)`", &["setting"]);
        keys.parse(&content, &mut Vec::new(), |_, key, input| {
            let literal = text(key, input)?;
            check_setting(&literal)?;
            setting = Some(literal);
            Ok(())
        })?;
        Ok(Self { column, setting })
    }

    pub(crate) fn tokens(&self, columns: &Columns) -> Result<TokenStream> {
        let (column, line) = (columns.resolve(&self.column)?, line(self.column.span()));
        let setting = self.setting.as_ref().map_or_else(|| TENANT_SETTING.to_owned(), LitStr::value);
        Ok(quote! {
            ::core::option::Option::Some(
                __d::TenantKeyDescriptor { line: #line, column: #column, setting: #setting }
            )
        })
    }
}

/// Settings of applications have a prefix (manual section 20.16).
fn check_setting(literal: &LitStr) -> Result<()> {
    let setting = literal.value();
    let is_word = |word: &str| {
        word.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
            && word.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
    };
    if setting.contains('.') && setting.split('.').all(is_word) {
        return Ok(());
    }
    Err(Error::new(literal.span(), "a setting of your own is called `prefix.name`: `app.tenant_id`"))
}
