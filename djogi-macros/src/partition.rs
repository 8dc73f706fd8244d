//! `partition_by(...)`, `partition(...)`, `partition_of(...)` and `inherits(...)`: what a table is to others.

use proc_macro2::{Ident, Span, TokenStream};
use quote::quote;
use syn::parse::ParseStream;
use syn::{Error, LitInt, LitStr, Result, Token, parenthesized};

use crate::attr::{Errors, Keys, equals, flag, line, list, name, text};
use crate::columns::{Columns, Overrides};
use crate::constraint::options;
use crate::foreign_key::Reference;
use crate::key::Key;
use crate::storage::{self, Storage};
use crate::value;

/// What is said of a table's relatives.
#[derive(Default)]
pub(crate) struct Family {
    partition_by: Option<PartitionBy>,
    partitions: Vec<Partition>,
    parents: Option<Parents>,
}

/// The tables of which a table is a part.
enum Parents {
    PartitionOf { span: Span, of: Reference, bound: Bound },
    Inherits { span: Span, parents: Vec<Reference> },
}

/// The keys of a model that are about its relatives.
pub(crate) const KEYS: [&str; 4] = ["partition_by", "partition", "partition_of", "inherits"];

impl Family {
    pub(crate) fn item(&mut self, item: &str, key: &Ident, input: ParseStream<'_>) -> Result<()> {
        let parents = match item {
            "partition_by" => {
                self.partition_by = Some(PartitionBy::parse(key, input)?);
                return Ok(());
            }
            "partition" => {
                self.partitions.push(Partition::parse(key, input)?);
                return Ok(());
            }
            "partition_of" => partition_of(key, input)?,
            _ => inherits(key, input)?,
        };
        if self.parents.replace(parents).is_some() {
            let message = "a table is either a partition or inherits";
            return Err(Error::new(key.span(), message));
        }
        Ok(())
    }

    /// Refuses what PostgreSQL has for no partitioned table, and partitions of what is none. `seen` are the keys of the
    /// model.
    pub(crate) fn check(&self, seen: &[Ident], errors: &mut Errors) {
        let Some(by) = &self.partition_by else {
            if let Some(partition) = self.partitions.first() {
                errors.at(partition.span, "a table with partitions needs `partition_by(range, columns(at))`");
            }
            return;
        };
        for key in seen.iter().filter(|key| *key == "storage" || *key == "unlogged") {
            let message = format!("a partitioned table holds no rows; `{key}` is for its partitions");
            errors.at(key.span(), message);
        }
        if let Some(Parents::Inherits { span, .. }) = &self.parents {
            errors.at(*span, "a partitioned table inherits from no table");
        }
        for partition in &self.partitions {
            errors.catch(partition.bound.check(by, partition.span));
        }
    }

    /// The columns of the partition key, where it is partitioned.
    pub(crate) fn key_columns(&self) -> Option<Vec<Option<&Ident>>> {
        Some(self.partition_by.as_ref()?.keys.iter().map(Key::field).collect())
    }

    /// Whether the primary key is that of another table.
    pub(crate) fn is_partition(&self) -> bool {
        matches!(self.parents, Some(Parents::PartitionOf { .. }))
    }

    pub(crate) fn set(&self, overrides: &mut Overrides, columns: &Columns, errors: &mut Errors) {
        if let Some(by) = &self.partition_by
            && let Some(tokens) = errors.catch(by.tokens(columns))
        {
            overrides.set("partition_by", quote!(::core::option::Option::Some(#tokens)));
        }
        let partitions: Vec<_> = self.partitions.iter().map(Partition::tokens).collect();
        if !partitions.is_empty() {
            overrides.set("partitions", quote!(&[#(#partitions),*]));
        }
        match &self.parents {
            None => {}
            Some(Parents::PartitionOf { span, of, bound }) => {
                let (line, of, bound) = (line(*span), of.tokens(), bound.tokens());
                let partition =
                    quote!(__d::ParentsDescriptor::PartitionOf { line: #line, of: #of, bound: #bound });
                overrides.set("parents", partition);
            }
            Some(Parents::Inherits { span, parents }) => {
                let (line, parents) = (line(*span), parents.iter().map(Reference::tokens));
                let parents = quote!(&[#(#parents),*]);
                overrides.set(
                    "parents",
                    quote!(__d::ParentsDescriptor::Inherits { line: #line, parents: #parents }),
                );
            }
        }
    }
}

/// How a partitioned table finds the partition of a row.
struct PartitionBy {
    span: Span,
    strategy: &'static str,
    keys: Vec<Key>,
}

const STRATEGIES: [&str; 3] = ["range", "list", "hash"];
const PARTITION_BY: Keys = Keys::new("`partition_by(...)`", &["range", "list", "hash", "columns"]);

impl PartitionBy {
    /// `partition_by(range, columns(at))`.
    fn parse(key: &Ident, input: ParseStream<'_>) -> Result<Self> {
        let (mut strategy, mut keys) = (None, Vec::new());
        options(&PARTITION_BY, key, input, |item, key, input| {
            match STRATEGIES.into_iter().find(|known| *known == item) {
                None => keys = list(key, "at", input, Key::parse)?,
                Some(known) => {
                    flag(key, input)?;
                    if let Some(other) = strategy.replace(known) {
                        let message = format!("`{other}` and `{known}` exclude each other");
                        return Err(Error::new(key.span(), message));
                    }
                }
            }
            Ok(())
        })?;
        let wrong = |message: &str| Err(Error::new(key.span(), message));
        let Some(strategy) = strategy else {
            return wrong("`partition_by(...)` needs `range`, `list` or `hash`");
        };
        if keys.is_empty() {
            return wrong("`partition_by(...)` needs `columns(...)`");
        }
        if strategy == "list" && keys.len() > 1 {
            return wrong("PostgreSQL partitions by a list of the values of one column");
        }
        if keys.iter().any(Key::is_ordered) {
            return wrong("the columns of a partition key have no order");
        }
        Ok(Self { span: key.span(), strategy, keys })
    }

    fn tokens(&self, columns: &Columns) -> Result<TokenStream> {
        let keys = self.keys.iter().map(|key| key.tokens(columns)).collect::<Result<Vec<_>>>()?;
        let line = line(self.span);
        let strategy = match self.strategy {
            "range" => quote!(Range),
            "list" => quote!(List),
            _ => quote!(Hash),
        };
        let strategy = quote!(__d::PartitionStrategy::#strategy);
        Ok(quote!(__d::PartitionKeyDescriptor { line: #line, strategy: #strategy, keys: &[#(#keys),*] }))
    }
}

/// A partition without anything of its own.
struct Partition {
    span: Span,
    name: LitStr,
    bound: Bound,
    storage: Storage,
    comment: Option<LitStr>,
}

const PARTITION: Keys = Keys::new(
    "`partition(...)`",
    &[
        "name",
        "from",
        "to",
        "in",
        "modulus",
        "remainder",
        "default",
        "comment",
        "storage",
        "unlogged",
        "tablespace",
        "access_method",
        "replica_identity",
    ],
);

impl Partition {
    /// `partition(name = "...", from("2025-01-01"), to("2026-01-01"))`.
    fn parse(key: &Ident, input: ParseStream<'_>) -> Result<Self> {
        let (mut partition_name, mut comment) = (None, None);
        let (mut storage, mut bound) = (Storage::default(), UnreadBound::default());
        options(&PARTITION, key, input, |item, key, input| match item {
            "name" => name(key, input).map(|name| partition_name = Some(name)),
            "comment" => text(key, input).map(|text| comment = Some(text)),
            item if storage::KEYS.contains(&item) => storage.item(item, key, input),
            item => bound.item(item, key, input),
        })?;
        let missing = || Error::new(key.span(), "`partition(...)` needs `name = \"...\"`");
        let name = partition_name.ok_or_else(missing)?;
        Ok(Self { span: key.span(), name, bound: bound.finish(key)?, storage, comment })
    }

    fn tokens(&self) -> TokenStream {
        let (name, line, bound) = (&self.name, line(self.span), self.bound.tokens());
        let mut overrides = Overrides::default();
        if let Some(storage) = self.storage.tokens() {
            overrides.set("storage", storage);
        }
        overrides.some("comment", self.comment.as_ref());
        let ty = quote!(__d::PartitionDescriptor);
        overrides.over(&ty, &quote!(#ty::new(#name, #line, #bound)))
    }
}

/// Which rows a partition takes. Values are SQL.
enum Bound {
    Default,
    Range { span: Span, from: Vec<String>, to: Vec<String> },
    List { span: Span, values: Vec<String> },
    Hash { span: Span, modulus: u32, remainder: u32 },
}

impl Bound {
    /// `at` is where the partition is declared.
    fn check(&self, by: &PartitionBy, at: Span) -> Result<()> {
        let (span, strategy) = match self {
            Bound::Default if by.strategy == "hash" => {
                return Err(Error::new(at, "what is partitioned by hash has no default partition"));
            }
            Bound::Default => return Ok(()),
            Bound::Range { span, .. } => (*span, "range"),
            Bound::List { span, .. } => (*span, "list"),
            Bound::Hash { span, .. } => (*span, "hash"),
        };
        if strategy != by.strategy {
            let form = match by.strategy {
                "range" => "`from(...), to(...)`",
                "list" => "`in(...)`",
                _ => "`modulus = 4, remainder = 0`",
            };
            let message = format!("the table is partitioned by {}: a partition takes {form}", by.strategy);
            return Err(Error::new(span, message));
        }
        if let Bound::Range { span, from, to } = self
            && let Some(wrong) = [from, to].into_iter().find(|values| values.len() != by.keys.len())
        {
            let (given, wanted) = (wrong.len(), by.keys.len());
            let message = format!("the partition key has {wanted} columns, and {given} values are given");
            return Err(Error::new(*span, message));
        }
        Ok(())
    }

    fn tokens(&self) -> TokenStream {
        match self {
            Bound::Default => quote!(__d::BoundDescriptor::Default),
            Bound::Range { from, to, .. } => {
                quote!(__d::BoundDescriptor::Range { from: &[#(#from),*], to: &[#(#to),*] })
            }
            Bound::List { values, .. } => quote!(__d::BoundDescriptor::List(&[#(#values),*])),
            Bound::Hash { modulus, remainder, .. } => {
                quote!(__d::BoundDescriptor::Hash { modulus: #modulus, remainder: #remainder })
            }
        }
    }
}

/// A bound while it is read.
#[derive(Default)]
struct UnreadBound {
    from: Option<(Span, Vec<String>)>,
    to: Option<(Span, Vec<String>)>,
    values: Option<(Span, Vec<String>)>,
    modulus: Option<(Span, u32)>,
    remainder: Option<(Span, u32)>,
    default: Option<Span>,
}

impl UnreadBound {
    fn item(&mut self, item: &str, key: &Ident, input: ParseStream<'_>) -> Result<()> {
        let span = key.span();
        match item {
            "from" => self.from = Some((span, list(key, "\"2025-01-01\"", input, range_value)?)),
            "to" => self.to = Some((span, list(key, "\"2026-01-01\"", input, range_value)?)),
            "in" => self.values = Some((span, list(key, "\"eu\", \"us\"", input, list_value)?)),
            "modulus" => self.modulus = Some((span, count(key, input)?)),
            "remainder" => self.remainder = Some((span, count(key, input)?)),
            _ => {
                flag(key, input)?;
                self.default = Some(span);
            }
        }
        Ok(())
    }

    /// `key` is what the bound stands in.
    fn finish(self, key: &Ident) -> Result<Bound> {
        let Self { from, to, values, modulus, remainder, default } = self;
        let is_range = from.is_some() || to.is_some();
        let is_hash = modulus.is_some() || remainder.is_some();
        if usize::from(is_range)
            + usize::from(is_hash)
            + usize::from(values.is_some())
            + usize::from(default.is_some())
            > 1
        {
            let message =
                "a partition takes one of: `from(...), to(...)`, `in(...)`, `modulus, remainder`, `default`";
            return Err(Error::new(key.span(), message));
        }
        match (from, to, values, modulus, remainder, default) {
            (Some((span, from)), Some((_, to)), ..) => Ok(Bound::Range { span, from, to }),
            (_, _, Some((span, values)), ..) => Ok(Bound::List { span, values }),
            (.., Some((span, modulus)), Some((at, remainder)), _) => {
                if remainder >= modulus {
                    return Err(Error::new(at, "the remainder is less than the modulus"));
                }
                Ok(Bound::Hash { span, modulus, remainder })
            }
            (.., Some(_)) => Ok(Bound::Default),
            (Some((span, _)), ..) | (_, Some((span, _)), ..) => Err(Error::new(
                span,
                "a range has both ends: `from(...), to(...)`; `minvalue` and `maxvalue` are open",
            )),
            (_, _, _, Some((span, _)), ..) | (.., Some((span, _)), _) => {
                Err(Error::new(span, "a hash has both: `modulus = 4, remainder = 0`"))
            }
            (None, None, None, None, None, None) => {
                let message = "say which rows it takes: `from(...), to(...)`, `in(...)`, `modulus = 4, remainder = 0` or \
                               `default`";
                Err(Error::new(key.span(), message))
            }
        }
    }
}

fn range_value(input: ParseStream<'_>) -> Result<String> {
    value::in_sql(input, &["minvalue", "maxvalue"])
}

fn list_value(input: ParseStream<'_>) -> Result<String> {
    value::in_sql(input, &["null"])
}

fn count(key: &Ident, input: ParseStream<'_>) -> Result<u32> {
    equals(key, "4", input)?;
    let wrong = |span| Error::new(span, format!("`{key}` takes a whole number that is not negative"));
    let literal: LitInt = input.parse().map_err(|error| wrong(error.span()))?;
    literal.base10_parse().map_err(|_| wrong(literal.span()))
}

const PARTITION_OF: Keys =
    Keys::new("`partition_of(...)`", &["from", "to", "in", "modulus", "remainder", "default"]);

/// `partition_of(Event, from("2025-01-01"), to("2026-01-01"))`.
fn partition_of(key: &Ident, input: ParseStream<'_>) -> Result<Parents> {
    let example = "`partition_of(Event, from(\"2025-01-01\"), to(\"2026-01-01\"))`";
    if !input.peek(syn::token::Paren) {
        return Err(Error::new(key.span(), format!("a partition names its table and its rows: {example}")));
    }
    let content;
    parenthesized!(content in input);
    let of = Reference::parse(&content)
        .map_err(|error| Error::new(error.span(), format!("the partitioned table comes first: {example}")))?;
    if !content.is_empty() {
        content.parse::<Token![,]>()?;
    }
    let mut bound = UnreadBound::default();
    PARTITION_OF.parse(&content, &mut Vec::new(), |item, key, input| bound.item(item, key, input))?;
    Ok(Parents::PartitionOf { span: key.span(), of, bound: bound.finish(key)? })
}

/// `inherits(Base)`, `inherits(Base, "schema.table")` or `inherits = Base`.
fn inherits(key: &Ident, input: ParseStream<'_>) -> Result<Parents> {
    let wrong = |error: Error| Error::new(error.span(), "a model, or a table in a string: `inherits(Base)`");
    let parents = if input.peek(syn::token::Paren) {
        list(key, "Base", input, |input| Reference::parse(input).map_err(wrong))?
    } else {
        equals(key, "Base", input)?;
        vec![Reference::parse(input).map_err(wrong)?]
    };
    Ok(Parents::Inherits { span: key.span(), parents })
}
