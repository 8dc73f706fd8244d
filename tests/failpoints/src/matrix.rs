//! All cases: each failpoint that a plot comes by, in each of its modes, on each server.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use djogi_cluster::failpoint::FAILPOINTS;
use e2e::{DurableServer, Server, installations, servers};

use crate::case::{Case, Disturbance};
use crate::parallel::in_parallel;
use crate::plot::{PLOTS, Plot};
use crate::reference::Reference;
use crate::stage::Template;

/// Which cases are played.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Extent {
    /// Each point once in each mode, on alternating servers; no restarts.
    Quick,
    /// Everything.
    Full,
}

/// What came of the cases.
#[derive(Debug, Default)]
pub struct Matrix {
    pub rows: Vec<Row>,
    /// Registered points that no plot comes by.
    pub unreached: Vec<&'static str>,
}

/// What came of one case: `Ok(false)` when the run did not come by the point.
#[derive(Debug)]
pub struct Row {
    pub case: Case,
    pub result: Result<bool, String>,
}

type Played = (Template, Reference);

impl Matrix {
    /// Plays the cases whose text contains `filter`, `jobs` at a time.
    pub fn play(extent: Extent, filter: &str, jobs: usize) -> Self {
        let running: Vec<DurableServer> = match extent {
            Extent::Quick => Vec::new(),
            Extent::Full => installations().iter().map(DurableServer::start).collect(),
        };
        let scratch =
            play_plots(&PLOTS.iter().collect::<Vec<_>>(), &servers().iter().collect::<Vec<_>>(), jobs);
        let restarted: Vec<&Plot> = PLOTS.iter().filter(|plot| RESTARTED.contains(&plot.name)).collect();
        let durable: Vec<&Server> = running.iter().map(|server| server.0).collect();
        let durable = play_plots(&restarted, &durable, jobs);
        let unreached = unreached(&scratch);
        let wanted = |case: &Case| case.to_string().contains(filter);
        let cases: Vec<(Case, &Played)> =
            cases(&scratch, extent).into_iter().filter(|(c, _)| wanted(c)).collect();
        let mut rows = play(cases, jobs);
        // A restart is the end of every session, so each server plays one case at a time.
        let mut by_server: BTreeMap<u32, Vec<(Case, &Played)>> = BTreeMap::new();
        for (case, played) in restarts(&durable).into_iter().filter(|(c, _)| wanted(c)) {
            by_server.entry(case.major).or_default().push((case, played));
        }
        let alone = in_parallel(by_server.into_values().collect(), jobs, |cases| play(cases, 1));
        rows.extend(alone.into_iter().flatten().flatten());
        Self { rows, unreached }
    }

    /// What failed, with its message.
    pub fn failures(&self) -> Vec<String> {
        let failed =
            |row: &Row| row.result.as_ref().err().map(|message| format!("FAILED {}\n{message}", row.case));
        let unreached = self.unreached.iter().map(|name| format!("no plot comes by {name}"));
        self.rows.iter().filter_map(failed).chain(unreached).collect()
    }

    /// The table of the documentation: how many cases of each point hold, on each version.
    pub fn render(&self) -> String {
        let majors: BTreeSet<u32> = self.rows.iter().map(|row| row.case.major).collect();
        let disturbances: BTreeSet<Disturbance> = self.rows.iter().map(|row| row.case.disturbance).collect();
        let columns: Vec<(Disturbance, u32)> =
            disturbances.iter().flat_map(|d| majors.iter().map(|major| (*d, *major))).collect();
        let mut text = String::new();
        for plot in PLOTS {
            let rows: Vec<&Row> = self.rows.iter().filter(|row| row.case.plot == plot.name).collect();
            if rows.is_empty() {
                continue;
            }
            write!(text, "\n## {}: `djogi {}`\n\n| point |", plot.name, plot.command.join(" "))
                .expect("a string");
            for (disturbance, major) in &columns {
                write!(text, " {} {major} |", disturbance.as_str()).expect("a string");
            }
            writeln!(text, "\n|---|{}", "---|".repeat(columns.len())).expect("a string");
            for point in FAILPOINTS.iter().filter(|point| rows.iter().any(|row| row.case.point == point.name))
            {
                write!(text, "| `{}` |", point.name).expect("a string");
                for (disturbance, major) in &columns {
                    let of_cell = |row: &&&Row| {
                        let case = &row.case;
                        (case.point.as_str(), case.disturbance, case.major)
                            == (point.name, *disturbance, *major)
                    };
                    let cell: Vec<&&Row> = rows.iter().filter(of_cell).collect();
                    write!(text, " {} |", summary(&cell)).expect("a string");
                }
                text.push('\n');
            }
        }
        text
    }
}

/// The plots whose commit points are disturbed by a restart of the server.
const RESTARTED: [&str; 3] = ["first", "change", "online"];

/// Points around what the server does, where its sessions and the server itself end too.
fn is_in_the_server(point: &str) -> bool {
    let families = [
        "group.",
        "ledger.",
        "lock.",
        "index_create.",
        "index_drop.",
        "reindex.",
        "detach.",
        "finalize.",
        "carcass.",
        "sweep.",
        "approval.",
    ];
    families.iter().any(|family| point.starts_with(family))
}

/// Points where a run is about to commit, or has just done so, and those around what no transaction holds.
fn is_at_a_commit(point: &str) -> bool {
    let commits = [
        "ledger.after_create",
        "lock.after_epoch_bump",
        "group.before_commit",
        "group.commit_sent_no_reply",
        "group.after_commit",
    ];
    let families = ["concurrent.", "index_create.", "index_drop.", "reindex.", "detach.", "finalize."];
    commits.contains(&point) || families.iter().any(|family| point.starts_with(family))
}

fn summary(cell: &[&&Row]) -> String {
    let reached: Vec<_> = cell.iter().filter(|row| !matches!(row.result, Ok(false))).collect();
    let held = reached.iter().filter(|row| row.result.is_ok()).count();
    match (reached.len(), held) {
        (0, _) => String::new(),
        (all, held) if all == held => format!("{all}"),
        (all, held) => format!("**{held} of {all}**"),
    }
}

fn play_plots(plots: &[&'static Plot], servers: &[&'static Server], jobs: usize) -> Vec<Played> {
    let pairs = servers.iter().flat_map(|server| plots.iter().map(move |plot| (*plot, *server)));
    let played = in_parallel(pairs.collect(), jobs, |(plot, server)| {
        let template = Template::make(plot, server);
        let reference = Reference::play(&template);
        (template, reference)
    });
    played
        .into_iter()
        .map(|played| played.unwrap_or_else(|message| panic!("undisturbed: {message}")))
        .collect()
}

fn unreached(played: &[Played]) -> Vec<&'static str> {
    let reached: BTreeSet<&str> =
        played.iter().flat_map(|(_, reference)| &reference.passes).map(|(name, _)| name.as_str()).collect();
    let elsewhere = |name: &str| ELSEWHERE.iter().any(|(point, _)| *point == name);
    let names = FAILPOINTS.iter().map(|point| point.name);
    names.filter(|name| !reached.contains(name) && !elsewhere(name)).collect()
}

/// Points that no plot comes by, with what does.
const ELSEWHERE: &[(&str, &str)] = &[
    ("sweep.before_effect", "the recoveries of tests/e2e"),
    ("sweep.before_finalize", "the recoveries of tests/e2e"),
    ("sweep.before_op_row", "the recoveries of tests/e2e"),
    ("sweep.after_effect", "the recoveries of tests/e2e"),
    ("sweep.before_persist", "the recoveries of tests/e2e"),
    ("sweep.after_persist", "the recoveries of tests/e2e"),
    ("sweep.before_cleanup", "the recoveries of tests/e2e"),
    ("carcass.before_drop", "the recoveries of tests/e2e"),
    ("carcass.after_drop", "the recoveries of tests/e2e"),
    ("sidecar.before_write", "the contract tests of the store"),
    ("sidecar.after_write", "the contract tests of the store"),
    ("sidecar.before_retire", "the contract tests of the store"),
    ("sidecar.after_retire", "the contract tests of the store"),
    ("sidecar.before_quarantine", "the contract tests of the store"),
    ("sidecar.after_quarantine", "the contract tests of the store"),
    ("approval.before_write", "the contract tests of the store"),
    ("approval.after_write", "the contract tests of the store"),
    ("catalog.before_remove", "the contract tests of the store"),
    ("state.before_put_aside", "the contract tests of the store"),
    ("state.after_put_aside", "the contract tests of the store"),
    ("store_postgres.before_create", "`postgres_state`"),
    ("store_postgres.before_write", "`postgres_state`"),
    ("store_postgres.sent_no_reply", "`postgres_state`"),
    ("store_postgres.after_write", "`postgres_state`"),
    ("store_postgres.before_swap", "`postgres_state`"),
    ("store_postgres.swap_sent_no_reply", "`postgres_state`"),
    ("store_postgres.after_swap", "`postgres_state`"),
];

/// Times at which a point is worth disturbing: the first two, the middle one, the last.
fn hits(passes: usize, extent: Extent) -> BTreeSet<usize> {
    match extent {
        Extent::Quick => BTreeSet::from([passes.div_ceil(2)]),
        Extent::Full => [1, 2, passes.div_ceil(2), passes].into_iter().filter(|hit| *hit <= passes).collect(),
    }
}

const DISTURBANCES: [Disturbance; 4] =
    [Disturbance::Error, Disturbance::Kill, Disturbance::Race, Disturbance::BackendTerminated];

fn cases(played: &[Played], extent: Extent) -> Vec<(Case, &Played)> {
    let mut cases = Vec::new();
    for pair in played {
        let (template, reference) = pair;
        for (point, passes) in &reference.passes {
            let registered = FAILPOINTS.iter().find(|known| known.name == point).expect("a registered point");
            for disturbance in DISTURBANCES {
                if !registered.modes.contains(&disturbance.mode())
                    || disturbance == Disturbance::BackendTerminated && !is_in_the_server(point)
                {
                    continue;
                }
                let extent = if disturbance == Disturbance::Race { Extent::Quick } else { extent };
                for hit in hits(*passes, extent) {
                    let (plot, major) = (template.plot.name, template.server.major());
                    cases.push((Case { plot, major, point: point.clone(), hit, disturbance }, pair));
                }
            }
        }
    }
    if extent == Extent::Quick { one_of_each(cases) } else { cases }
}

/// One case for each point and disturbance, on alternating servers: of those of one point the busiest.
fn one_of_each(cases: Vec<(Case, &Played)>) -> Vec<(Case, &Played)> {
    let mut by_kind: BTreeMap<(String, Disturbance), Vec<(Case, &Played)>> = BTreeMap::new();
    for (case, pair) in cases {
        by_kind.entry((case.point.clone(), case.disturbance)).or_default().push((case, pair));
    }
    let majors: BTreeSet<u32> = by_kind.values().flatten().map(|(case, _)| case.major).collect();
    let turns = majors.iter().copied().cycle();
    let chosen = by_kind.into_values().zip(turns).filter_map(|(cases, major)| {
        let of_server = cases.into_iter().filter(|(case, _)| case.major == major);
        of_server.max_by_key(|(case, _)| case.hit)
    });
    chosen.collect()
}

fn restarts(durable: &[Played]) -> Vec<(Case, &Played)> {
    let mut cases = Vec::new();
    for pair in durable {
        let (template, reference) = pair;
        for (point, passes) in reference.passes.iter().filter(|(point, _)| is_at_a_commit(point)) {
            for hit in hits(*passes, Extent::Full) {
                let (plot, major) = (template.plot.name, template.server.major());
                let disturbance = Disturbance::ServerRestarted;
                cases.push((Case { plot, major, point: point.clone(), hit, disturbance }, pair));
            }
        }
    }
    cases
}

fn play(cases: Vec<(Case, &Played)>, jobs: usize) -> Vec<Row> {
    let results =
        in_parallel(cases.clone(), jobs, |(case, (template, reference))| case.play(template, reference));
    cases.into_iter().zip(results).map(|((case, _), result)| Row { case, result }).collect()
}
