//! What is declared, read beside everything else: a plan looks at its databases meanwhile.

use std::collections::BTreeMap;
use std::error::Error;
use std::sync::{Arc, Mutex, OnceLock};
use std::thread::{self, JoinHandle};

use djogi_core::declared::Declarations;
use djogi_core::migration::Rules;
use djogi_core::seed::DeclaredSeed;
use djogi_core::{Digest, Ident};

use crate::error::EngineError;
use crate::sql_files::SqlFiles;
use crate::sql_files::moves::Move;
use crate::sql_files::queries::QueryFiles;

/// What a configuration declares.
#[derive(Debug)]
pub struct Configured {
    pub declarations: Declarations,
    /// Of the declarations alone.
    pub models_digest: Digest,
    /// The SQL files of each target that has any.
    pub sql_files: BTreeMap<Ident, SqlFiles>,
    /// What the applications of each target send, where that is to be checked.
    pub queries: BTreeMap<Ident, QueryFiles>,
    /// The rows that are declared for each target.
    pub seeds: BTreeMap<Ident, Vec<DeclaredSeed>>,
    /// What is said of live migrations.
    pub live: Rules,
    /// Moves to what SQL files declare.
    pub moves: Vec<Move>,
    /// Of everything that is declared, and of the configuration.
    pub digest: Digest,
}

impl Configured {
    /// What a model calls sensitive is secret in every seed of its table.
    fn settled(mut self) -> Self {
        for (target, seeds) in &mut self.seeds {
            for seed in seeds {
                seed.secret.extend(self.declarations.sensitive(target, &seed.table).iter().cloned());
            }
        }
        self
    }
}

/// Why there are no declarations, as whoever reads them puts it.
pub type Unreadable = Arc<dyn Error + Send + Sync>;

type Reading = JoinHandle<Result<Configured, Unreadable>>;

/// The declarations of a configuration: known, or being read by a thread.
#[derive(Debug)]
pub struct Declared {
    reading: Mutex<Option<Reading>>,
    read: OnceLock<Result<Configured, Unreadable>>,
}

impl Declared {
    pub fn known(configured: Configured) -> Self {
        Self { reading: Mutex::new(None), read: OnceLock::from(Ok(configured.settled())) }
    }

    /// Begins to read them.
    pub fn reading(read: impl FnOnce() -> Result<Configured, Unreadable> + Send + 'static) -> Self {
        Self { reading: Mutex::new(Some(thread::spawn(read))), read: OnceLock::new() }
    }

    /// The declarations; waits for them.
    ///
    /// # Errors
    /// [`EngineError::Declarations`].
    pub fn get(&self) -> Result<&Configured, EngineError> {
        let read = self.read.get_or_init(|| {
            let reading = self.reading.lock().map(|mut reading| reading.take());
            match reading.ok().flatten().map(JoinHandle::join) {
                Some(Ok(read)) => read.map(Configured::settled),
                Some(Err(_)) | None => {
                    Err(Arc::from(Box::from("reading the declarations ended without a result")))
                }
            }
        });
        read.as_ref().map_err(|error| EngineError::Declarations(error.clone()))
    }
}
