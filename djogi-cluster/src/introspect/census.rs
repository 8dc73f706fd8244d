//! Which kinds of objects a database has at all, and the reading of those that it has.
//!
//! PostgreSQL takes as long to plan a query for a kind that is not there as for one that is, and most databases have
//! few of the many kinds. So one small query goes ahead of all others; its answer comes while the server is at work for
//! the tables, and only what it finds is asked for.

use super::error::IntrospectError;
use super::found::Found;
use super::reader::Reader;
use super::{
    aggregate, cast, collation, conversion, domain, event_trigger, foreign_data_wrapper, foreign_server,
    language, operator, operator_class, policy, publication, range, routine, rule, seed, statistics,
    subscription, text_search, transform, trigger, user_mapping,
};

/// For each kind whether there may be one, in the order of the list.
pub(super) struct Census(Vec<bool>);

/// Each is the name of a file that has `ANY`, a query that finds a row where there is any, and `read`.
macro_rules! kinds {
    ($($kind:ident),* $(,)?) => {
        const ANY: &[&str] = &[$($kind::ANY,)* seed::ANY];

        impl Census {
            /// Reads those that there are.
            pub(super) async fn read(&self, reader: &Reader<'_>) -> Result<Vec<Found>, IntrospectError> {
                let mut census = self.0.iter();
                $(let $kind = census.next() == Some(&true);)*
                $(let $kind = async { if $kind { $kind::read(reader).await } else { Ok(Vec::new()) } };)*
                let ($($kind,)*) = futures_util::join!($($kind),*);
                let mut found = Vec::new();
                $(found.extend($kind?);)*
                Ok(found)
            }
        }
    };
}

kinds! {
    collation,
    domain,
    range,
    statistics,
    routine,
    aggregate,
    operator,
    operator_class,
    cast,
    text_search,
    conversion,
    language,
    transform,
    trigger,
    rule,
    policy,
    event_trigger,
    publication,
    subscription,
    foreign_data_wrapper,
    foreign_server,
    user_mapping,
}

impl Census {
    /// Whether the ledger may know of seeds, whose rows are read by themselves.
    pub(super) fn has_seeds(&self) -> bool {
        self.0.last() == Some(&true)
    }

    pub(super) async fn take(reader: &Reader<'_>) -> Result<Self, IntrospectError> {
        let any: Vec<String> = ANY.iter().map(|any| format!("EXISTS ({any})")).collect();
        let sql = format!("SELECT ARRAY[{}]", any.join(",\n             "));
        let rows = reader.rows("kinds of objects", &sql, |row| row.take::<Vec<bool>>()).await?;
        Ok(Self(rows.into_iter().flatten().collect()))
    }
}
