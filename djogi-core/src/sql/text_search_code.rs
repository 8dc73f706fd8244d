//! DDL of text search templates and parsers, which are made of functions and nothing else.

use std::collections::BTreeMap;

use super::{Context, Step, comment_sql, move_sql};
use crate::address::Address;
use crate::ident::QualifiedName;
use crate::kind::TextSearchCodeAlteration;
use crate::safety::Verb;

/// What the two kinds have in common.
struct Code<'a> {
    object: &'static str,
    name: QualifiedName,
    functions: &'a BTreeMap<String, String>,
    comment: Option<&'a str>,
}

impl Code<'_> {
    fn create(&self, ctx: &Context<'_>, address: &Address) -> Vec<Step> {
        let functions: Vec<String> =
            self.functions.iter().map(|(role, function)| format!("{role} = {function}")).collect();
        let sql = format!("CREATE {} {} (\n    {}\n)", self.object, self.name, functions.join(",\n    "));
        let mut steps = vec![ctx.step(address, Verb::CreateTextSearch, sql)];
        steps.extend(self.comment.map(|comment| self.set_comment(Some(comment), ctx, address)));
        steps
    }

    fn drop(&self, ctx: &Context<'_>, address: &Address) -> Vec<Step> {
        vec![ctx.step(address, Verb::DropTextSearch, format!("DROP {} {}", self.object, self.name))]
    }

    fn rename(&self, to: &QualifiedName, ctx: &Context<'_>, address: &Address) -> Vec<Step> {
        let statements = move_sql(self.object, &self.name, to);
        statements.into_iter().map(|sql| ctx.step(address, Verb::RenameTextSearch, sql)).collect()
    }

    fn set_comment(&self, comment: Option<&str>, ctx: &Context<'_>, address: &Address) -> Step {
        ctx.step(address, Verb::Comment, comment_sql(&format!("{} {}", self.object, self.name), comment))
    }
}

/// The functions that the dispatch asks for.
macro_rules! written_as {
    ($module:ident: $kind:ident, $object:literal) => {
        pub(super) mod $module {
            use super::super::{Context, Step};
            use super::{Code, TextSearchCodeAlteration};
            use crate::address::Address;
            use crate::kind::$kind;

            fn code(of: &$kind) -> Code<'_> {
                Code {
                    object: $object,
                    name: of.qualified_name(),
                    functions: &of.functions,
                    comment: of.comment.as_deref(),
                }
            }

            pub(in super::super) fn create(of: &$kind, ctx: &Context<'_>, address: &Address) -> Vec<Step> {
                code(of).create(ctx, address)
            }

            pub(in super::super) fn drop(of: &$kind, ctx: &Context<'_>, address: &Address) -> Vec<Step> {
                code(of).drop(ctx, address)
            }

            pub(in super::super) fn rename(
                from: &$kind,
                to: &$kind,
                ctx: &Context<'_>,
                address: &Address,
            ) -> Vec<Step> {
                code(from).rename(&to.qualified_name(), ctx, address)
            }

            pub(in super::super) fn alter(
                desired: &$kind,
                alteration: &TextSearchCodeAlteration,
                ctx: &Context<'_>,
                address: &Address,
            ) -> Vec<Step> {
                let TextSearchCodeAlteration::SetComment(comment) = alteration;
                vec![code(desired).set_comment(comment.as_deref(), ctx, address)]
            }
        }
    };
}

written_as!(text_search_template: TextSearchTemplate, "TEXT SEARCH TEMPLATE");
written_as!(text_search_parser: TextSearchParser, "TEXT SEARCH PARSER");
