//! Interrupted work as a plan tells it: what was found, and what the next command that writes does about it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::address::{Address, Kind};
use crate::disposition::Reason;
use crate::ident::Ident;

/// One piece of interrupted work.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Recovery {
    /// The row of the sweep that fits: `I4`; see `docs/recovery.md`.
    pub row: String,
    pub target: Ident,
    /// The group or statement that was interrupted.
    pub op: String,
    /// The run that it belonged to.
    pub run: String,
    pub addresses: Vec<Address>,
    /// What was found.
    pub observed: String,
    /// What `djogi apply` and `djogi refresh` do about it before anything else.
    pub action: String,
    /// What the user does; empty where there is nothing to do.
    pub way_out: String,
    /// Why changes of the addresses are blocked; `None` when they are not.
    pub reason: Option<Reason>,
}

/// The recoveries that stand in the way of changes, by what they concern.
#[derive(Clone, Debug, Default)]
pub struct RecoveryGates<'a>(BTreeMap<&'a Address, (Reason, &'a Recovery)>);

impl<'a> RecoveryGates<'a> {
    pub fn new(recoveries: &'a [Recovery]) -> Self {
        let mut gates = BTreeMap::new();
        for recovery in recoveries {
            if let Some(reason) = recovery.reason {
                gates.extend(recovery.addresses.iter().map(|address| (address, (reason, recovery))));
            }
        }
        Self(gates)
    }

    /// What stands in the way of a change of `address`: a column counts as part of its table, and the other way round.
    pub fn of(&self, address: &Address) -> Option<(Reason, &'a Recovery)> {
        if self.0.is_empty() {
            return None;
        }
        let table = address.table_of_member().filter(|_| address.kind() == Kind::Column);
        let is_part = |other: &Address| {
            other.kind() == Kind::Column && other.table_of_member().as_ref() == Some(address)
        };
        let exact = self.0.get(address).or_else(|| self.0.get(&table?));
        exact.or_else(|| self.0.iter().find(|(other, _)| is_part(other)).map(|(_, gate)| gate)).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_and_its_columns_stand_and_fall_together() {
        let recovery = |address: &str, reason| Recovery {
            row: "T7".to_owned(),
            target: Ident::new("main").unwrap(),
            op: String::new(),
            run: String::new(),
            addresses: vec![address.parse().unwrap()],
            observed: String::new(),
            action: String::new(),
            way_out: String::new(),
            reason,
        };
        let recoveries = [
            recovery("table.main.public.a", Some(Reason::RecoveryPending)),
            recovery("column.main.public.b.x", Some(Reason::CarcassForeign)),
            recovery("table.main.public.c", None),
        ];
        let gates = RecoveryGates::new(&recoveries);
        let reason = |address: &str| gates.of(&address.parse().unwrap()).map(|(reason, _)| reason);
        assert_eq!(reason("table.main.public.a"), Some(Reason::RecoveryPending));
        assert_eq!(reason("column.main.public.a.x"), Some(Reason::RecoveryPending));
        assert_eq!(reason("constraint.main.public.a.x"), None);
        assert_eq!(reason("table.main.public.b"), Some(Reason::CarcassForeign));
        assert_eq!(reason("column.main.public.b.y"), None);
        assert_eq!(reason("table.main.public.c"), None);
    }
}
