//! Every row of the sweep, planted and, where that needs no failpoint, reached by a real kill.

mod approval;
mod database;
mod detach;
mod enum_label;
mod global;
mod index_build;
mod index_drop;
mod kills;
mod payload;
pub(crate) mod plant;
mod reindex;
mod seed;
mod state_move;
mod stop;
mod transactional;
