//! CREATE DATABASE and DROP DATABASE: rows C1 to C5.

use djogi_core::observation::Oid;

use super::finding::{Finding, Seen, Treatment};
use super::global;
use super::table::Row;

/// A database of the intended name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FoundDatabase {
    pub oid: Oid,
    /// Whether PostgreSQL has marked it as half dropped (`datconnlimit` is -2); it cannot be connected to.
    pub is_half_dropped: bool,
    pub has_intended_owner: bool,
    pub content: Seen<DatabaseContent>,
}

/// What is in a database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DatabaseContent {
    /// A ledger of the lineage that the sidecar names.
    OurLedger,
    /// A ledger of another state.
    OtherLedger,
    /// Objects, and no ledger. `Seen::Absent`: nothing at all.
    Objects,
}

/// Everything that decides about a database that was to be created.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DatabaseCreate {
    pub name: String,
    pub database: Option<FoundDatabase>,
    /// What had the name before.
    pub before: Option<Oid>,
    pub worker: Seen<String>,
}

/// Everything that decides about a database that was to be dropped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DatabaseDrop {
    pub name: String,
    /// The database that was to be dropped; one of the same name with another oid is not it.
    pub oid: Option<Oid>,
    /// The database that has the name now, and whether it is half dropped.
    pub database: Option<(Oid, bool)>,
    pub worker: Seen<String>,
}

pub fn decide_create(seen: &DatabaseCreate) -> Finding {
    if let Some(at_work) = global::g7(&seen.worker) {
        return at_work;
    }
    let Some(database) = &seen.database else { return c1(seen) };
    if database.is_half_dropped || seen.before == Some(database.oid) {
        return c4(seen, "it was there before, or is half dropped");
    }
    match &database.content {
        Seen::Present(DatabaseContent::OurLedger) => c3(seen),
        Seen::Absent if database.has_intended_owner => c2(seen),
        Seen::Absent => c4(seen, "it belongs to another role"),
        Seen::Present(DatabaseContent::OtherLedger) => c4(seen, "it belongs to another state"),
        Seen::Present(DatabaseContent::Objects) => c4(seen, "it is not empty"),
        Seen::Unknown(why) => c4(seen, why),
    }
}

pub fn decide_drop(seen: &DatabaseDrop) -> Finding {
    if let Some(at_work) = global::g7(&seen.worker) {
        return at_work;
    }
    c5(seen)
}

fn c1(seen: &DatabaseCreate) -> Finding {
    Finding::new(Row::C1, format!("database {:?} is not there", seen.name), Treatment::Retire)
}

fn c2(seen: &DatabaseCreate) -> Finding {
    let told = format!("database {:?} was created, and is empty", seen.name);
    Finding::new(Row::C2, told, Treatment::ClaimDatabase { database: seen.name.clone() })
}

fn c3(seen: &DatabaseCreate) -> Finding {
    let told = format!("database {:?} belongs to this state", seen.name);
    Finding::new(Row::C3, told, Treatment::RollForward)
}

fn c4(seen: &DatabaseCreate, why: &str) -> Finding {
    let told = format!("database_unclaimed: database {:?} is there, but {why}", seen.name);
    Finding::new(Row::C4, told, Treatment::Keep)
}

fn c5(seen: &DatabaseDrop) -> Finding {
    let name = &seen.name;
    let (told, treatment) = match seen.database {
        Some((oid, true)) if Some(oid) == seen.oid => {
            let again = Treatment::DropDatabase { database: name.clone() };
            (format!("database {name:?} is half dropped"), again)
        }
        Some((oid, false)) if Some(oid) == seen.oid => {
            (format!("database {name:?} is untouched; its approval stays"), Treatment::Retire)
        }
        Some((oid, _)) => {
            (format!("database {name:?} is gone; oid {} is another one", oid.0), Treatment::RollForward)
        }
        None => (format!("database {name:?} is gone"), Treatment::RollForward),
    };
    Finding::new(Row::C5, told, treatment)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_observation_of_a_creation_has_one_row() {
        let contents = [
            Seen::Absent,
            Seen::Present(DatabaseContent::OurLedger),
            Seen::Present(DatabaseContent::OtherLedger),
            Seen::Present(DatabaseContent::Objects),
            Seen::Unknown("no connection".to_owned()),
        ];
        let found = |database, worker| {
            let found = decide_create(&DatabaseCreate {
                name: "shop".to_owned(),
                database,
                before: Some(Oid(10)),
                worker,
            });
            (found.row, found.treatment)
        };
        assert_eq!(found(None, Seen::Absent), (Row::C1, Treatment::Retire));
        for content in contents {
            for has_intended_owner in [true, false] {
                for is_half_dropped in [true, false] {
                    for oid in [Oid(10), Oid(20)] {
                        let database = FoundDatabase {
                            oid,
                            is_half_dropped,
                            has_intended_owner,
                            content: content.clone(),
                        };
                        let claim = Treatment::ClaimDatabase { database: "shop".to_owned() };
                        let expected = match (&content, has_intended_owner) {
                            _ if is_half_dropped || oid == Oid(10) => (Row::C4, Treatment::Keep),
                            (Seen::Present(DatabaseContent::OurLedger), _) => {
                                (Row::C3, Treatment::RollForward)
                            }
                            (Seen::Absent, true) => (Row::C2, claim),
                            _ => (Row::C4, Treatment::Keep),
                        };
                        assert_eq!(found(Some(database.clone()), Seen::Absent), expected);
                        let at_work = found(Some(database), Seen::Present("a".to_owned()));
                        assert_eq!(at_work, (Row::G7, Treatment::Wait));
                    }
                }
            }
        }
    }

    #[test]
    fn every_observation_of_a_drop_has_one_row() {
        let found = |database| {
            let seen =
                DatabaseDrop { name: "shop".to_owned(), oid: Some(Oid(10)), database, worker: Seen::Absent };
            let found = decide_drop(&seen);
            assert_eq!(found.row, Row::C5);
            found.treatment
        };
        assert_eq!(found(None), Treatment::RollForward);
        assert_eq!(found(Some((Oid(10), false))), Treatment::Retire);
        assert_eq!(found(Some((Oid(10), true))), Treatment::DropDatabase { database: "shop".to_owned() });
        assert_eq!(found(Some((Oid(11), false))), Treatment::RollForward);
        assert_eq!(found(Some((Oid(11), true))), Treatment::RollForward);
    }
}
