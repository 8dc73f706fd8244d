//! `OPTIONS (...)`, with a placeholder that is no SQL where a secret value belongs.

use super::{Context, Step};
use crate::address::Address;
use crate::ident::{Literal, quoted};
use crate::kind::{ForeignOption, OptionChange};
use crate::plan::Secret;
use crate::safety::Verb;

/// A clause with the secrets whose placeholders stand in it, in their order.
#[derive(Clone, Debug, Default)]
pub(super) struct Clause {
    pub(super) sql: String,
    pub(super) secrets: Vec<Secret>,
}

impl Clause {
    /// ` OPTIONS (...)`; nothing when there are none.
    pub(super) fn of(options: &[ForeignOption]) -> Self {
        Self::list(options, |_| "", |option| Some(option), |option| &option.name)
    }

    /// ` OPTIONS (ADD ..., SET ..., DROP ...)`.
    pub(super) fn of_changes(changes: &[OptionChange]) -> Self {
        let verb = |change: &OptionChange| match change {
            OptionChange::Add(_) => "ADD ",
            OptionChange::Set(_) => "SET ",
            OptionChange::Drop(_) => "DROP ",
        };
        fn option(change: &OptionChange) -> Option<&ForeignOption> {
            match change {
                OptionChange::Add(option) | OptionChange::Set(option) => Some(option),
                OptionChange::Drop(_) => None,
            }
        }
        fn name(change: &OptionChange) -> &str {
            match change {
                OptionChange::Add(option) | OptionChange::Set(option) => &option.name,
                OptionChange::Drop(name) => name,
            }
        }
        Self::list(changes, verb, option, name)
    }

    fn list<T>(
        items: &[T],
        verb: impl Fn(&T) -> &'static str,
        option: impl Fn(&T) -> Option<&ForeignOption>,
        name: impl Fn(&T) -> &str,
    ) -> Self {
        if items.is_empty() {
            return Self::default();
        }
        let mut secrets = Vec::new();
        let mut texts = Vec::with_capacity(items.len());
        for item in items {
            let mut text = format!("{}{}", verb(item), quoted(name(item)));
            match option(item) {
                Some(ForeignOption { name, secret: Some(digest), .. }) => {
                    let secret = Secret { option: name.clone(), digest: *digest };
                    text += &format!(" {secret}");
                    secrets.push(secret);
                }
                Some(ForeignOption { value, .. }) => {
                    text += &format!(" {}", Literal(value.as_deref().unwrap_or_default()));
                }
                None => {}
            }
            texts.push(text);
        }
        Self { sql: format!(" OPTIONS ({})", texts.join(", ")), secrets }
    }

    /// A step whose statement ends with the clause.
    pub(super) fn step(self, ctx: &Context<'_>, address: &Address, verb: Verb, before: &str) -> Step {
        let mut step = ctx.step(address, verb, format!("{before}{}", self.sql));
        step.operation.secrets = self.secrets;
        step
    }
}
