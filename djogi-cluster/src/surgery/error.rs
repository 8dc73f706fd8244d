//! Why the state was not moved by hand.

use djogi_core::diff::relocate::RelocateError;
use djogi_core::{Address, Digest, Ident};

use crate::identity::{Lineage, RunId};
use crate::state::{Damage, Serial};

/// What stands in the way of a `djogi state` command. Nothing was written.
#[derive(Debug, thiserror::Error)]
pub enum SurgeryError {
    #[error("there is no state in `{location}`")]
    NoState { location: String },
    #[error("`{address}` is not managed at serial {serial}")]
    NotManaged { address: Address, serial: Serial },
    #[error("nothing that is managed at serial {serial} was declared by package {package:?}; {}", managed(.known))]
    NoPackage { package: String, serial: Serial, known: Vec<String> },
    #[error("`{0}` is a part of its table, and not managed without it")]
    Part(Address),
    #[error("{0:?} is neither an address nor a pattern: {1}")]
    Pattern(String, String),
    #[error(transparent)]
    Relocate(#[from] RelocateError),
    /// By the ledger, the next plan would take what was forgotten or moved for djogi's all the same.
    #[error("run {run} has committed changes of target `{target}` that the state does not know yet")]
    Unrecorded { target: Ident, run: RunId },
    #[error("`{name}` is no state: {damage}")]
    Unreadable { name: String, damage: Damage },
    #[error("`{name}` is of lineage {found}, but the state in `{location}` is of lineage {current}")]
    OtherLineage { name: String, location: String, found: Lineage, current: Lineage },
    #[error("`{name}` has serial {found}, but the state in `{location}` is at serial {current} by now")]
    Older { name: String, location: String, found: Serial, current: Serial },
    #[error("`{name}` and the state in `{location}` both have serial {serial}, but are not the same")]
    Forked { name: String, location: String, serial: Serial },
    #[error("the state is in `{location}` already")]
    SamePlace { location: String },
    #[error("`{location}` already holds {holds}")]
    Occupied { location: String, holds: String },
    #[error("`{location}` is damaged: {damage}")]
    DamagedDocument { location: String, damage: Damage },
    #[error("`{name}` needs the recorded catalog {digest} of target `{target}`, which is not in the store")]
    NoCatalog { name: String, target: Ident, digest: Digest },
    #[error("the catalog {digest} of target `{target}` at serial {serial} is missing from `{location}`")]
    NoCatalogOfRevision { serial: Serial, target: Ident, location: String, digest: Digest },
}

fn managed(known: &[String]) -> String {
    if known.is_empty() { "no package is known".to_owned() } else { format!("there is {}", known.join(", ")) }
}

impl SurgeryError {
    /// What the process exits with.
    pub fn exit_code(&self) -> u8 {
        match self {
            SurgeryError::Older { .. } | SurgeryError::Forked { .. } => 5,
            _ => 1,
        }
    }

    /// A stable code for diagnostics.
    pub fn code(&self) -> &'static str {
        match self {
            SurgeryError::NoState { .. } => "no_state",
            SurgeryError::NotManaged { .. } | SurgeryError::NoPackage { .. } | SurgeryError::Part(_) => {
                "not_managed"
            }
            SurgeryError::Pattern(..) => "bad_address",
            SurgeryError::Relocate(error) => error.code(),
            SurgeryError::Unrecorded { .. } => "state_behind",
            SurgeryError::Unreadable { damage, .. } => damage.code(),
            SurgeryError::OtherLineage { .. } => "lineage_mismatch",
            SurgeryError::Older { .. } => "state_older",
            SurgeryError::Forked { .. } => "state_forked",
            SurgeryError::NoCatalog { .. } | SurgeryError::NoCatalogOfRevision { .. } => "catalog_missing",
            SurgeryError::SamePlace { .. } => "state_in_place",
            SurgeryError::Occupied { .. } => "state_occupied",
            SurgeryError::DamagedDocument { .. } => "document_damaged",
        }
    }

    /// What to do next; `None` when the message says it all.
    pub fn help(&self) -> Option<String> {
        Some(match self {
            SurgeryError::NoState { .. } => {
                "`djogi apply` or `djogi import` makes it, `djogi state push FILE` puts one back".to_owned()
            }
            SurgeryError::NotManaged { .. }
            | SurgeryError::NoPackage { .. }
            | SurgeryError::Relocate(RelocateError::NotManaged(_)) => {
                "`djogi state list` lists what is managed".to_owned()
            }
            SurgeryError::Part(address) => {
                let table = address.table_of_member()?;
                format!("`djogi state rm {table}` forgets the table with all its parts")
            }
            SurgeryError::Pattern(..) => {
                "an address is kind.target.schema.name; in a pattern, * stands for any characters and ? for one"
                    .to_owned()
            }
            SurgeryError::Relocate(RelocateError::Taken { to }) => {
                format!("`djogi state rm {to}` forgets what is there, if that is meant")
            }
            SurgeryError::Relocate(RelocateError::Undefined(_)) => {
                "`djogi refresh` records all definitions anew".to_owned()
            }
            SurgeryError::Relocate(_) => return None,
            SurgeryError::Unrecorded { .. } => {
                "`djogi refresh` records them; then run the command again".to_owned()
            }
            SurgeryError::Unreadable { damage: Damage::Newer { .. }, .. } => {
                "use the djogi that wrote it, or a newer one".to_owned()
            }
            SurgeryError::Unreadable { .. } => {
                "`djogi state pull > FILE` and `djogi state backup FILE` make such a file; one that was edited is refused"
                    .to_owned()
            }
            SurgeryError::OtherLineage { .. } => {
                "it is the state of another project or environment; `djogi state push FILE --force` takes it all the same"
                    .to_owned()
            }
            SurgeryError::Older { name, .. } | SurgeryError::Forked { name, .. } => format!(
                "`djogi state restore {name}` brings its content back under a new serial; `--force` pushes it as if it \
                 were newer"
            ),
            SurgeryError::SamePlace { .. } => {
                "`--to` takes another place: local, postgres, or postgres:URL".to_owned()
            }
            SurgeryError::Occupied { .. } => {
                "a state is never written over: choose another place, or move away what is there".to_owned()
            }
            SurgeryError::DamagedDocument { .. } => {
                "it does not move while nobody knows what it says: `djogi status` tells the way out".to_owned()
            }
            SurgeryError::NoCatalogOfRevision { .. } => {
                "put the file back from a copy of the state store, or choose another serial of `djogi history`".to_owned()
            }
            SurgeryError::NoCatalog { digest, .. } => format!(
                "copy `catalogs/{}.json` from where the state was, or add --force and run `djogi refresh`",
                digest.hex()
            ),
        })
    }
}
