//! The one row of a state, moved by compare-and-swap.

use tokio_postgres::GenericClient;
use tokio_postgres::types::Type;

use super::super::document::{Serial, SerialOverflow, State};
use super::super::store::{HISTORY_LENGTH, UnusedCatalogs, Version};
use super::super::{StoreError, text};
use super::error::failed;
use super::link::Param;
use super::statements::{INSERT_STATE, MOVE_STATE};

/// A revision as the columns have it.
#[derive(Clone, Debug)]
pub(super) struct Columns {
    pub(super) serial: i64,
    pub(super) digest: String,
    pub(super) document: Vec<u8>,
    pub(super) version: Version,
}

impl Columns {
    pub(super) fn of(state: &State) -> Result<Self, StoreError> {
        let (document, digest) = text::seal(state);
        Ok(Self {
            serial: column(state.serial)?,
            digest: digest.to_string(),
            document,
            version: Version::of(state.serial, digest),
        })
    }
}

/// A serial as the column has it.
///
/// # Errors
/// When it is greater than any `bigint`.
pub(super) fn column(serial: Serial) -> Result<i64, StoreError> {
    i64::try_from(serial.get()).map_err(|_| StoreError::SerialOverflow(SerialOverflow(serial)))
}

/// Moves the state `name` from the version `expected` to `next`, in the transaction of `client` when it has one: then
/// the state moves with everything else that the transaction does, or not at all. The tables must be there.
///
/// Gives the new version, or `None` when the current state is another one; nothing is written then.
///
/// # Errors
/// When `next` is not the successor of `expected`, or the server refuses.
pub async fn swap_in(
    client: &impl GenericClient,
    name: &str,
    expected: &Version,
    next: &State,
) -> Result<Option<Version>, StoreError> {
    swap_with(client, name, expected, next, UnusedCatalogs::Keep).await
}

/// As [`swap_in`], with a say in what becomes of `unused` catalogs.
pub(super) async fn swap_with(
    client: &impl GenericClient,
    name: &str,
    expected: &Version,
    next: &State,
    unused: UnusedCatalogs,
) -> Result<Option<Version>, StoreError> {
    expected.check_successor(next)?;
    let collects = unused == UnusedCatalogs::Remove;
    let Columns { serial, digest, document, version } = Columns::of(next)?;
    let mut params: Vec<Param<'_>> = vec![(&name, Type::TEXT)];
    let written: [Param<'_>; 3] = [(&serial, Type::INT8), (&digest, Type::TEXT), (&document, Type::BYTEA)];
    let (replaced_serial, replaced_digest);
    let statement = match (expected.serial(), expected.digest()) {
        (Some(serial), Some(digest)) => {
            (replaced_serial, replaced_digest) = (column(serial)?, digest.to_string());
            params.extend([(&replaced_serial as _, Type::INT8), (&replaced_digest as _, Type::TEXT)]);
            params.extend(written);
            params.extend([(&KEPT as _, Type::INT8), (&collects as _, Type::BOOL)]);
            MOVE_STATE
        }
        _ => {
            params.extend(written);
            INSERT_STATE
        }
    };
    crate::failpoint!("store_postgres.before_swap");
    let answer = client.query_typed_opt(statement, &params);
    let moved = crate::failpoint!(sent "store_postgres.swap_sent_no_reply", answer).await;
    crate::failpoint!("store_postgres.after_swap");
    let location = || format!("djogi.state, name {name:?}");
    let moved = moved.map_err(failed("move the state", statement)).map_err(|error| error.at(location()))?;
    Ok(moved.map(|_| version))
}

const KEPT: i64 = HISTORY_LENGTH as i64;
