//! Random pairs of states of a schema, each tried as the pairs of [`conformance`](crate::conformance) are.
//!
//! A state is made of wishes: what cannot be had, for want of the table or column that it needs, is left out. So every
//! combination of wishes is a state that loads, and what fails is made smaller by taking wishes away.

mod code;
mod table;
mod types;
mod variants;

use std::sync::Mutex;

use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestCaseError, TestError, TestRng, TestRunner};

use crate::conformance::{Case, Direction, Failure, Question, Trials, Verdict};
use code::Code;
use table::{TABLES, Table};
use types::Types;
use variants::Variants;

/// What djogi does not bring from one state to the other, as small as it could be made.
#[derive(Clone, Debug)]
pub struct Finding {
    pub old: String,
    pub new: String,
    pub direction: Direction,
    pub failure: Failure,
}

/// How much is tried.
#[derive(Clone, Copy, Debug)]
pub struct Plan {
    pub runs: u32,
    pub jobs: u32,
    /// The same seed gives the same states.
    pub seed: u64,
    /// How many smaller states are tried for each that fails.
    pub shrinking: u32,
}

/// One state.
#[derive(Clone, Debug)]
struct State {
    types: Types,
    tables: Vec<Option<Table>>,
    code: Code,
    variants: Variants,
    /// Whether djogi is told every statement before what it needs.
    backwards: bool,
}

impl State {
    fn any() -> impl Strategy<Value = Self> {
        let tables: Vec<_> = (0..TABLES.len()).map(|_| prop::option::weighted(0.7, Table::any())).collect();
        (Types::any(), tables, Code::any(), Variants::any(), any::<bool>()).prop_map(
            |(types, tables, code, variants, backwards)| Self { types, tables, code, variants, backwards },
        )
    }

    fn statements(&self) -> Vec<String> {
        let mut statements = vec!["CREATE SCHEMA app".to_owned()];
        self.types.write(&mut statements);
        self.code.write_functions(&mut statements);
        for (at, wish) in self.tables.iter().enumerate() {
            if let Some(wish) = wish {
                wish.write(at, self, &mut statements);
            }
        }
        self.code.write(self, &mut statements);
        self.variants.write(&mut statements);
        statements
    }

    /// The statements in an order in which they load.
    fn sql(&self) -> String {
        script(&self.statements())
    }

    /// The statements as djogi is told them.
    fn declared(&self) -> String {
        let mut statements = self.statements();
        if self.backwards {
            statements.reverse();
        }
        script(&statements)
    }

    /// The table at `at` in [`TABLES`], if there is one.
    fn table(&self, at: u8) -> Option<(&'static str, &Table)> {
        let at = usize::from(at) % TABLES.len();
        self.tables[at].as_ref().map(|table| (TABLES[at], table))
    }
}

fn script(statements: &[String]) -> String {
    statements.iter().map(|statement| format!("{statement};\n")).collect()
}

/// Tries random pairs; `done` hears of each that was tried for the first time.
pub fn run(plan: Plan, done: &(dyn Fn() + Sync)) -> Vec<Finding> {
    let trials = Trials::on_the_newest(variants::ROLES);
    let found = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for job in 0..plan.jobs.max(1) {
            let (trials, found) = (&trials, &found);
            scope.spawn(move || {
                let share = plan.runs / plan.jobs.max(1) + u32::from(job < plan.runs % plan.jobs.max(1));
                for number in 0..share {
                    if let Some(finding) = one(plan, (job, number), trials) {
                        found.lock().expect("no trial panics").push(finding);
                    }
                    done();
                }
            });
        }
    });
    found.into_inner().expect("no trial panics")
}

fn one(plan: Plan, (job, number): (u32, u32), trials: &Trials) -> Option<Finding> {
    let config =
        Config { cases: 1, failure_persistence: None, max_shrink_iters: plan.shrinking, ..Config::default() };
    let mut seed = [0; 32];
    seed[..8].copy_from_slice(&plan.seed.to_le_bytes());
    seed[8..12].copy_from_slice(&job.to_le_bytes());
    seed[12..16].copy_from_slice(&number.to_le_bytes());
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &seed);
    let mut runner = TestRunner::new_with_rng(config, rng);
    let last = Mutex::new(None);
    let ended = runner.run(&(State::any(), State::any()), |(old, new)| {
        let declared = [&old, &new].map(State::declared);
        let case = Case::of("random", &format!("{job}-{number}"), [&old, &new].map(State::sql), declared);
        let failed =
            trials.ask(Question::Converges, &case).into_iter().find_map(
                |(direction, verdict)| match verdict {
                    Verdict::Passed { .. } => None,
                    Verdict::Failed(failure) => Some((direction, failure)),
                    Verdict::NotLoaded(why) => {
                        Some((direction, Failure { class: "does not load".to_owned(), detail: vec![why] }))
                    }
                },
            );
        let Some((direction, failure)) = failed else { return Ok(()) };
        let class = failure.class.clone();
        let [old, new] = case.declared().map(str::to_owned);
        let finding = Finding { old, new, direction, failure };
        *last.lock().expect("no trial panics") = Some(finding);
        Err(TestCaseError::fail(class))
    });
    match ended {
        Ok(()) => None,
        Err(TestError::Abort(why)) => panic!("no state could be made: {why}"),
        Err(TestError::Fail(..)) => last.into_inner().expect("no trial panics"),
    }
}
