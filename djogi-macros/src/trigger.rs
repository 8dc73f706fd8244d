//! `trigger(...)`.

use proc_macro2::{Ident, Span, TokenStream};
use quote::quote;
use syn::ext::IdentExt as _;
use syn::parse::ParseStream;
use syn::{Error, LitStr, Result};

use crate::attr::{Keys, equals, flag, line, list, name, text, unknown, word};
use crate::columns::{Columns, Overrides};
use crate::constraint::{Deferral, column_list, options};

/// A trigger.
pub(crate) struct Trigger {
    span: Span,
    name: LitStr,
    timing: &'static str,
    timing_span: Span,
    events: Vec<Event>,
    for_each_row: bool,
    when: Option<LitStr>,
    execute: LitStr,
    old_table: Option<LitStr>,
    new_table: Option<LitStr>,
    constraint: Option<Deferral>,
    fires: &'static str,
    comment: Option<LitStr>,
}

/// `insert`, `update(a, b)`, `delete` or `truncate`.
struct Event {
    word: &'static str,
    span: Span,
    columns: Vec<Ident>,
}

const KEYS: Keys = Keys::new(
    "`trigger(...)`",
    &[
        "name",
        "before",
        "after",
        "instead_of",
        "for_each",
        "when",
        "execute",
        "referencing",
        "constraint",
        "deferrable",
        "initially_deferred",
        "fires",
        "comment",
    ],
);

const EVENTS: &[&str] = &["insert", "update", "delete", "truncate"];

/// By `session_replication_role`; `origin` is what a new trigger does.
const FIRES: &[&str] = &["origin", "replica", "always", "never"];

impl Trigger {
    /// `trigger(name = "...", before(insert, update(total)), for_each = row, execute = "app.touch()")`.
    pub(crate) fn parse(key: &Ident, input: ParseStream<'_>) -> Result<Self> {
        let needs = |what: &str| Error::new(key.span(), format!("`trigger(...)` needs `{what}`"));
        let (mut trigger_name, mut timing, mut for_each, mut when, mut execute) =
            (None, None, None, None, None);
        let (mut old_table, mut new_table, mut comment, mut fires) = (None, None, None, "origin");
        let (mut constraint, mut deferral, mut deferral_span) = (false, Deferral::default(), None);
        options(&KEYS, key, input, |item, key, input| {
            match item {
                "name" => trigger_name = Some(name(key, input)?),
                "before" | "after" | "instead_of" => {
                    let events = list(key, "insert, update(total)", input, Event::parse)?;
                    let word = KEYS.once.iter().copied().find(|known| *known == item).unwrap_or_default();
                    if timing.replace((word, key.span(), events)).is_some() {
                        let message = "a trigger has one of `before`, `after` and `instead_of`";
                        return Err(Error::new(key.span(), message));
                    }
                }
                "for_each" => {
                    equals(key, "row", input)?;
                    for_each = Some(word("`for_each`", &["row", "statement"], input)?);
                }
                "when" => when = Some(text(key, input)?),
                "execute" => execute = Some(call(key, input)?),
                "referencing" => (old_table, new_table) = referencing(key, input)?,
                "fires" => {
                    equals(key, "always", input)?;
                    fires = word("`fires`", FIRES, input)?;
                }
                "comment" => comment = Some(text(key, input)?),
                "constraint" => {
                    flag(key, input)?;
                    constraint = true;
                }
                deferral_item => {
                    flag(key, input)?;
                    deferral_span = Some(key.span());
                    deferral.deferrable |= deferral_item == "deferrable";
                    deferral.initially_deferred |= deferral_item == "initially_deferred";
                }
            }
            Ok(())
        })?;
        if let Some(span) = deferral_span.filter(|_| !constraint) {
            return Err(Error::new(span, "only a `constraint` trigger can be deferred"));
        }
        let (timing, timing_span, events) =
            timing.ok_or_else(|| needs("before(...)`, `after(...)` or `instead_of(...)"))?;
        let trigger = Self {
            span: key.span(),
            name: trigger_name.ok_or_else(|| needs("name = \"...\""))?,
            timing,
            timing_span,
            events,
            for_each_row: for_each
                .ok_or_else(|| needs("for_each = row` or `for_each = statement"))
                .map(|word| word == "row")?,
            when,
            execute: execute.ok_or_else(|| needs("execute = \"function()\""))?,
            old_table,
            new_table,
            constraint: constraint.then_some(deferral),
            fires,
            comment,
        };
        trigger.check()?;
        Ok(trigger)
    }

    /// What PostgreSQL knows no trigger of (reference page of CREATE TRIGGER).
    fn check(&self) -> Result<()> {
        let wrong = |span, message| Err(Error::new(span, message));
        let instead_of = self.timing == "instead_of";
        for (at, event) in self.events.iter().enumerate() {
            if self.events[..at].iter().any(|earlier| earlier.word == event.word) {
                return Err(Error::new(event.span, format!("`{}` is named twice", event.word)));
            }
            if event.word == "truncate" && self.for_each_row {
                return wrong(event.span, "no row is looked at by `truncate`: `for_each = statement`");
            }
            if instead_of && !event.columns.is_empty() {
                return wrong(event.span, "an `instead_of` trigger fires on every `update`");
            }
        }
        if instead_of && !self.for_each_row {
            return wrong(self.timing_span, "an `instead_of` trigger is `for_each = row`");
        }
        if let Some(when) = self.when.as_ref().filter(|_| instead_of) {
            return wrong(when.span(), "an `instead_of` trigger has no condition");
        }
        if self.constraint.is_some() && !(self.timing == "after" && self.for_each_row) {
            return wrong(self.timing_span, "a `constraint` trigger is `after(...)` and `for_each = row`");
        }
        if let Some(table) = self.old_table.as_ref().or(self.new_table.as_ref())
            && (self.timing != "after" || self.constraint.is_some())
        {
            return wrong(
                table.span(),
                "only an `after` trigger that is no `constraint` has transition tables",
            );
        }
        Ok(())
    }

    /// Refuses what a relation of this sort cannot have.
    pub(crate) fn check_relation(&self, is_view: bool) -> Result<()> {
        match (self.timing, is_view) {
            ("instead_of", false) => {
                Err(Error::new(self.timing_span, "only a view has `instead_of` triggers"))
            }
            ("before" | "after", true) if self.for_each_row => {
                let message = "a view has no rows of its own: `instead_of(...)`, or `for_each = statement`";
                Err(Error::new(self.timing_span, message))
            }
            _ => Ok(()),
        }
    }

    pub(crate) fn tokens(&self, columns: &Columns) -> Result<TokenStream> {
        let (name, line, execute) = (&self.name, line(self.span), &self.execute);
        let timing = match self.timing {
            "before" => quote!(__d::TriggerTiming::Before),
            "after" => quote!(__d::TriggerTiming::After),
            _ => quote!(__d::TriggerTiming::InsteadOf),
        };
        let events = self.events.iter().map(|event| event.tokens(columns)).collect::<Result<Vec<_>>>()?;
        let mut overrides = Overrides::default();
        overrides.when("for_each_row", self.for_each_row);
        overrides.some("when", self.when.as_ref());
        overrides.some("old_table", self.old_table.as_ref());
        overrides.some("new_table", self.new_table.as_ref());
        if let Some(deferral) = self.constraint {
            let deferral = deferral.tokens();
            overrides.set("constraint", quote!(::core::option::Option::Some(#deferral)));
        }
        match self.fires {
            "replica" => overrides.set("firing", quote!(__d::Firing::Replica)),
            "always" => overrides.set("firing", quote!(__d::Firing::Always)),
            "never" => overrides.set("firing", quote!(__d::Firing::Disabled)),
            _ => {}
        }
        overrides.some("comment", self.comment.as_ref());
        let ty = quote!(__d::TriggerDescriptor);
        Ok(overrides.over(&ty, &quote!(#ty::new(#name, #line, #timing, &[#(#events),*], #execute))))
    }
}

impl Event {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let wrong = |error: Error| Error::new(error.span(), format!("events are: {}", EVENTS.join(", ")));
        let ident = input.call(Ident::parse_any).map_err(wrong)?;
        let word = EVENTS.iter().copied().find(|known| ident == *known).ok_or_else(|| {
            unknown("event", &ident.to_string(), "a trigger", EVENTS.iter().copied(), ident.span())
        })?;
        let has_columns = input.peek(syn::token::Paren);
        if has_columns && word != "update" {
            return Err(Error::new(
                ident.span(),
                format!("`{word}` is about whole rows; `update` has columns"),
            ));
        }
        let columns = if has_columns { column_list(&ident, input)? } else { Vec::new() };
        Ok(Self { word, span: ident.span(), columns })
    }

    fn tokens(&self, columns: &Columns) -> Result<TokenStream> {
        Ok(match self.word {
            "insert" => quote!(__d::TriggerEvent::Insert),
            "delete" => quote!(__d::TriggerEvent::Delete),
            "truncate" => quote!(__d::TriggerEvent::Truncate),
            _ => {
                let columns = columns.list(&self.columns)?;
                quote!(__d::TriggerEvent::Update(#columns))
            }
        })
    }
}

/// `execute = "app.touch()"`.
fn call(key: &Ident, input: ParseStream<'_>) -> Result<LitStr> {
    let call = text(key, input)?;
    let written = call.value();
    let name = written.trim().strip_suffix(')').and_then(|call| call.split_once('(')).map(|(name, _)| name);
    if name.is_none_or(|name| name.trim().is_empty()) {
        return Err(Error::new(call.span(), "a function is called with parentheses: `app.touch()`"));
    }
    Ok(call)
}

/// `referencing(old_table = "before", new_table = "after")`.
fn referencing(key: &Ident, input: ParseStream<'_>) -> Result<(Option<LitStr>, Option<LitStr>)> {
    let (mut old, mut new) = (None, None);
    let keys = Keys::new("`referencing(...)`", &["old_table", "new_table"]);
    options(&keys, key, input, |item, key, input| {
        let table = name(key, input)?;
        *(if item == "old_table" { &mut old } else { &mut new }) = Some(table);
        Ok(())
    })?;
    if old.is_none() && new.is_none() {
        return Err(Error::new(
            key.span(),
            "`referencing` names one table: `referencing(new_table = \"rows\")`",
        ));
    }
    Ok((old, new))
}
