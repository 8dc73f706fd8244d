//! Sidecars and approvals: one file each, `recovery/<op id>.json` and `approvals/<id>.json`.
//!
//! Hidden files are not documents: the store's own temporary ones are among them, and whatever an operating system
//! leaves in folders. Every other file is one, or is damaged.

use std::path::{Path, PathBuf};

use super::LocalStore;
use crate::identity::OpId;
use crate::state::approval::{Approval, StoredApproval};
use crate::state::damage::Damage;
use crate::state::durable;
use crate::state::error::StoreError;
use crate::state::sealed::{self, Sealed};
use crate::state::sidecar::{QuarantinedSidecar, Sidecar, StoredSidecar};

/// A document as it is found: its name, where it is, and what it says.
type Found<D> = (String, String, Result<D, Damage>);

impl LocalStore {
    pub(super) fn recovery_dir(&self) -> PathBuf {
        self.dir.join("recovery")
    }

    pub(super) fn approvals_dir(&self) -> PathBuf {
        self.dir.join("approvals")
    }

    fn quarantine_dir(&self) -> PathBuf {
        self.recovery_dir().join("quarantine")
    }

    fn sidecar_path(&self, op: OpId) -> PathBuf {
        self.recovery_dir().join(file_name(op))
    }

    pub(super) fn put_sidecar_blocking(&self, sidecar: &Sidecar) -> Result<(), StoreError> {
        let _lock = self.lock_for_writing(&[self.recovery_dir()])?;
        crate::failpoint!("sidecar.before_write");
        durable::replace(&self.sidecar_path(sidecar.op_id), &sealed::render(sidecar))?;
        crate::failpoint!("sidecar.after_write");
        Ok(())
    }

    pub(super) fn sidecars_blocking(&self) -> Result<Vec<StoredSidecar>, StoreError> {
        let found = documents(&self.recovery_dir(), |sidecar: &Sidecar| file_name(sidecar.op_id))?;
        Ok(found
            .into_iter()
            .map(|(name, location, sidecar)| StoredSidecar { name, location, sidecar })
            .collect())
    }

    pub(super) fn retire_sidecar_blocking(&self, op: OpId) -> Result<(), StoreError> {
        let path = self.sidecar_path(op);
        if durable::read(&path)?.is_none() {
            return Ok(());
        }
        let _lock = self.lock_for_writing(&[])?;
        durable::remove(&path)
    }

    pub(super) fn quarantine_sidecar_blocking(&self, name: &str) -> Result<String, StoreError> {
        let recovery = self.recovery_dir();
        // Only what is listed can be named, so that no name leads out of the folder.
        if !document_paths(&recovery)?.iter().any(|(known, _)| known == name) {
            return Err(StoreError::NoSuchSidecar {
                location: recovery.display().to_string(),
                name: name.to_owned(),
            });
        }
        let place = self.quarantine_dir();
        let _lock = self.lock_for_writing(std::slice::from_ref(&place))?;
        let names = std::iter::once(name.to_owned()).chain((2..).map(|copy| format!("{name}.{copy}")));
        let free = names.map(|name| place.join(name)).find(|path| path.symlink_metadata().is_err());
        let free = free.expect("there are more numbers than files");
        durable::put_aside(&recovery.join(name), &free)?;
        Ok(free.display().to_string())
    }

    pub(super) fn quarantined_sidecars_blocking(&self) -> Result<Vec<QuarantinedSidecar>, StoreError> {
        let found = document_paths(&self.quarantine_dir())?.into_iter();
        Ok(found
            .map(|(name, path)| QuarantinedSidecar { name, location: path.display().to_string() })
            .collect())
    }

    pub(super) fn put_approval_blocking(&self, approval: &Approval) -> Result<(), StoreError> {
        let _lock = self.lock_for_writing(&[self.approvals_dir()])?;
        crate::failpoint!("approval.before_write");
        durable::replace(&self.approvals_dir().join(file_name(approval.id)), &sealed::render(approval))?;
        crate::failpoint!("approval.after_write");
        Ok(())
    }

    pub(super) fn approvals_blocking(&self) -> Result<Vec<StoredApproval>, StoreError> {
        let found = documents(&self.approvals_dir(), |approval: &Approval| file_name(approval.id))?;
        Ok(found
            .into_iter()
            .map(|(name, location, approval)| StoredApproval { name, location, approval })
            .collect())
    }
}

fn file_name(id: impl std::fmt::Display) -> String {
    format!("{id}.json")
}

fn document_paths(dir: &Path) -> Result<Vec<(String, PathBuf)>, StoreError> {
    let mut paths = Vec::new();
    for path in durable::list(dir)? {
        let Some(name) = path.file_name().map(|name| name.to_string_lossy().into_owned()) else { continue };
        if !name.starts_with('.') && !path.is_dir() {
            paths.push((name, path));
        }
    }
    paths.sort_unstable();
    Ok(paths)
}

/// The documents in `dir`, by name. `name_of` gives the name that a document has to have: under another one it would
/// be neither replaced nor removed by who knows its id.
fn documents<D: Sealed>(dir: &Path, name_of: impl Fn(&D) -> String) -> Result<Vec<Found<D>>, StoreError> {
    let mut found = Vec::new();
    for (name, path) in document_paths(dir)? {
        // Gone since it was listed: whoever removed it knew that it was done.
        let Some(bytes) = durable::read(&path)? else { continue };
        let document = sealed::parse(&bytes).and_then(|document: D| {
            let expected = name_of(&document);
            if expected == name { Ok(document) } else { Err(Damage::OtherName { expected }) }
        });
        found.push((name, path.display().to_string(), document));
    }
    Ok(found)
}
