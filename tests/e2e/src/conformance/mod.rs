//! The conformance of djogi: pairs of states of a schema, each brought from one to the other and back by the real binary,
//! and compared with a fresh load by PostgreSQL's own account.

mod case;
mod load;
mod report;
mod round_trip;
mod snapshot;
mod trial;

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

pub use case::Case;
pub use report::Report;
pub use trial::{Direction, Failure, Verdict};

use crate::{Server, installations};

/// What is asked of a pair.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Question {
    /// Whether each state becomes the other.
    #[default]
    Converges,
    /// Whether it does so where nobody may be kept waiting, however small the tables are.
    ConvergesOnline,
    /// Whether each state is what is written from it.
    GoesRound,
}

/// What came of one pair.
#[derive(Clone, Debug)]
pub struct Tried {
    pub case: Case,
    pub verdicts: [(Direction, Verdict); 2],
}

/// A server of the newest version under test, on which pairs are tried.
#[derive(Debug)]
pub struct Trials(&'static Server);

impl Trials {
    /// With the roles that the pairs presume: they belong to the server.
    pub fn on_the_newest(roles: &[&str]) -> Self {
        let newest = installations().iter().max_by_key(|found| found.major).expect("a version under test");
        let server = Server::alone(newest);
        let _ = crate::djogi();
        let database = crate::Database::create(server);
        for role in roles {
            database.run(&format!("CREATE ROLE \"{}\"", role.replace('"', "\"\"")));
        }
        Self(server)
    }

    /// Asks `question` of both directions, or both states, of `case`.
    pub fn ask(&self, question: Question, case: &Case) -> [(Direction, Verdict); 2] {
        match question {
            Question::Converges => trial::try_both(self.0, case, &[]),
            Question::ConvergesOnline => trial::try_both(self.0, case, &["--online", "always"]),
            Question::GoesRound => round_trip::try_both(self.0, case),
        }
    }
}

/// Asks `question` of every one of `cases`, `jobs` at a time; `done` hears of each.
pub fn run(question: Question, cases: &[Case], jobs: usize, done: &(dyn Fn(&Tried) + Sync)) -> Report {
    let mut roles: Vec<&str> =
        cases.iter().flat_map(|case| &case.meta.requires_roles).map(String::as_str).collect();
    roles.sort_unstable();
    roles.dedup();
    let trials = Trials::on_the_newest(&roles);
    let (next, tried) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    std::thread::scope(|scope| {
        for _ in 0..jobs.max(1) {
            scope.spawn(|| {
                while let Some(case) = cases.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let one = Tried { case: case.clone(), verdicts: trials.ask(question, case) };
                    done(&one);
                    tried.lock().expect("no trial panics").push(one);
                }
            });
        }
    });
    let mut tried = tried.into_inner().expect("no trial panics");
    tried.sort_by_key(|one| one.case.id());
    Report { tried }
}
