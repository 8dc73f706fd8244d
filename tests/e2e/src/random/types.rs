//! Enums, domains, composite and range types, collations and sequences.

use proptest::prelude::*;

const LABELS: [&str; 5] = ["a", "b", "it's", "d", "E"];

#[derive(Clone, Debug)]
pub(super) struct Types {
    /// Those of [`LABELS`] that `app.state` has besides `a`.
    pub(super) labels: Option<[bool; 4]>,
    labels_backwards: bool,
    domain: Option<Domain>,
    composite: Option<(bool, u8, u8)>,
    range: Option<bool>,
    sequence: Option<(u8, u8, bool)>,
    comments: [bool; 3],
}

#[derive(Clone, Debug)]
struct Domain {
    base: u8,
    default: bool,
    not_null: bool,
    check: Option<u8>,
}

impl Types {
    pub(super) fn any() -> impl Strategy<Value = Self> {
        let domain = (any::<u8>(), any::<bool>(), any::<bool>(), any::<Option<u8>>())
            .prop_map(|(base, default, not_null, check)| Domain { base, default, not_null, check });
        (
            any::<Option<[bool; 4]>>(),
            any::<bool>(),
            prop::option::of(domain),
            any::<Option<(bool, u8, u8)>>(),
            any::<Option<bool>>(),
            any::<Option<(u8, u8, bool)>>(),
            any::<[bool; 3]>(),
        )
            .prop_map(|(labels, labels_backwards, domain, composite, range, sequence, comments)| {
                Self { labels, labels_backwards, domain, composite, range, sequence, comments }
            })
    }

    pub(super) fn has_domain(&self) -> bool {
        self.domain.is_some()
    }

    pub(super) fn write(&self, out: &mut Vec<String>) {
        if let Some(has) = self.labels {
            let rest = LABELS[1..].iter().zip(has).filter(|(_, has)| *has).map(|(label, _)| *label);
            let mut labels: Vec<_> = std::iter::once(LABELS[0]).chain(rest).collect();
            if self.labels_backwards {
                labels.reverse();
            }
            let labels: Vec<_> = labels.iter().map(|l| format!("'{}'", l.replace('\'', "''"))).collect();
            out.push(format!("CREATE TYPE app.state AS ENUM ({})", labels.join(", ")));
            if self.comments[0] {
                out.push("COMMENT ON TYPE app.state IS 'how it stands'".to_owned());
            }
        }
        if let Some(domain) = &self.domain {
            let base = ["text", "varchar(40)", "varchar(80)"][usize::from(domain.base) % 3];
            let mut sql = format!("CREATE DOMAIN public.code AS {base}");
            if domain.default {
                sql += " DEFAULT 'none'";
            }
            if domain.not_null {
                sql += " NOT NULL";
            }
            if let Some(check) = domain.check {
                sql += &format!(" CONSTRAINT code_length CHECK (length(VALUE) < {})", 40 + check % 3);
            }
            out.push(sql);
            if self.comments[1] {
                out.push("COMMENT ON DOMAIN public.code IS 'of a product'".to_owned());
            }
        }
        if let Some((zip, street, order)) = self.composite {
            let street = ["text", "varchar(100)"][usize::from(street) % 2];
            let zip = if zip { ", zip varchar(10)" } else { "" };
            let rest = [", no integer", ", no bigint", ""][usize::from(order) % 3];
            out.push(format!("CREATE TYPE public.\"Address\" AS (street {street}{zip}{rest})"));
        }
        if let Some(with_diff) = self.range {
            let diff = if with_diff { ", SUBTYPE_DIFF = float8mi" } else { "" };
            out.push(format!("CREATE TYPE app.span AS RANGE (SUBTYPE = float8{diff})"));
        }
        if let Some((kind, step, cycle)) = self.sequence {
            let kind = ["smallint", "integer", "bigint"][usize::from(kind) % 3];
            let cycle = if cycle { " CYCLE" } else { "" };
            out.push(format!(
                "CREATE SEQUENCE app.counter AS {kind} INCREMENT BY {} CACHE {}{cycle}",
                step % 5 + 1,
                step % 3 + 1
            ));
            if self.comments[2] {
                out.push("COMMENT ON SEQUENCE app.counter IS NULL".to_owned());
            }
        }
    }
}
