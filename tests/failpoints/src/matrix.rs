//! All cases: each failpoint that a plot comes by, in each of its modes, on each server.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::io::Write as _;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};

use djogi_cluster::failpoint::FAILPOINTS;
use e2e::{DurableServer, Server, installations, servers};

use crate::case::{Case, Disturbance};
use crate::parallel::{in_parallel, message};
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

/// Tells whoever waits for an hour how far it is.
struct Progress {
    cases: usize,
    done: AtomicUsize,
    is_told: bool,
}

impl Progress {
    fn of(cases: usize, extent: Extent) -> Self {
        Self { cases, done: AtomicUsize::new(0), is_told: extent == Extent::Full }
    }

    fn count(&self) {
        const STEP: usize = 100;
        let done = self.done.fetch_add(1, Ordering::Relaxed) + 1;
        if self.is_told && (done.is_multiple_of(STEP) || done == self.cases) {
            let _ = writeln!(std::io::stderr(), "{done} of {} cases", self.cases);
        }
    }
}

/// What came of one case: `Ok(false)` when the run did not come by the point.
#[derive(Debug)]
pub struct Row {
    pub case: Case,
    pub result: Result<bool, String>,
}

type Played = (Template, Reference);

impl Matrix {
    /// Plays the cases whose text contains one of the words of `filter`, which stand between `|`, `jobs` at a time.
    pub fn play(extent: Extent, filter: &str, jobs: usize) -> Self {
        let running: Vec<DurableServer> = match extent {
            Extent::Quick => Vec::new(),
            Extent::Full => installations().iter().map(DurableServer::start).collect(),
        };
        let durable: Vec<&Server> = running.iter().map(|server| server.0).collect();
        let scratch: Vec<&Server> = servers().iter().collect();
        let words: Vec<&str> = filter.split('|').map(str::trim).collect();
        // What begins with the name of a plot is about no other.
        let of_one_plot = |word: &&str| PLOTS.iter().any(|plot| word.split(',').next() == Some(plot.name));
        let is_wanted = |plot: &&Plot| words.iter().any(|word| word.split(',').next() == Some(plot.name));
        let plots: Vec<&Plot> = if words.iter().all(of_one_plot) {
            PLOTS.iter().filter(is_wanted).collect()
        } else {
            PLOTS.iter().collect()
        };
        let mut pairs = Vec::new();
        for (number, plot) in plots.iter().enumerate() {
            match extent {
                // The smaller plots are about what is the same everywhere.
                Extent::Quick if !plot.only.is_empty() => {
                    pairs.push((*plot, scratch[number % scratch.len()]));
                }
                Extent::Quick | Extent::Full => pairs.extend(scratch.iter().map(|server| (*plot, *server))),
            }
        }
        let on_scratch = play_plots(pairs, jobs);
        let restarted = plots.iter().filter(|plot| RESTARTED.contains(&plot.name));
        let restarted = restarted.flat_map(|plot| durable.iter().map(move |server| (*plot, *server)));
        let on_durable = play_plots(restarted.collect(), jobs);
        let unreached = if filter.is_empty() { unreached(&on_scratch) } else { Vec::new() };
        let wanted = |case: &Case| {
            let text = case.to_string();
            words.iter().any(|word| text.contains(word))
        };
        // A restart is the end of every session, so each server plays one case at a time.
        let mut by_server: BTreeMap<u32, Vec<(Case, &Played)>> = BTreeMap::new();
        for (case, played) in restarts(&on_durable).into_iter().filter(|(case, _)| wanted(case)) {
            by_server.entry(case.major).or_default().push((case, played));
        }
        let others = cases(&on_scratch, extent).into_iter().filter(|(case, _)| wanted(case));
        let rounds: Vec<Vec<_>> = by_server.into_values().chain(others.map(|case| vec![case])).collect();
        let count = rounds.iter().map(Vec::len).sum();
        let progress = Progress::of(count, extent);
        let rows = in_parallel(rounds, jobs, |cases| {
            let played = cases.into_iter().map(|case| {
                let row = play(case);
                progress.count();
                row
            });
            played.collect::<Vec<Row>>()
        });
        let rows = rows.into_iter().flat_map(|rows| rows.expect("a case that fails is a row"));
        Self { rows: rows.collect(), unreached }
    }

    /// What failed, with its message.
    pub fn failures(&self) -> Vec<String> {
        let failed =
            |row: &Row| row.result.as_ref().err().map(|message| format!("FAILED {}\n{message}", row.case));
        let unreached = self.unreached.iter().map(|name| format!("no plot comes by {name}"));
        let mut disturbed: BTreeMap<(&str, Disturbance), bool> = BTreeMap::new();
        for Row { case, result } in &self.rows {
            *disturbed.entry((&case.point, case.disturbance)).or_default() |= !matches!(result, Ok(false));
        }
        let missed = disturbed.into_iter().filter(|(_, is_reached)| !is_reached);
        let missed = missed.map(|((point, how), _)| format!("no run came by {point} ({})", how.as_str()));
        self.rows.iter().filter_map(failed).chain(unreached).chain(missed).collect()
    }

    /// How many cases there were: runs that came by their point.
    pub fn played(&self) -> usize {
        self.rows.iter().filter(|row| !matches!(row.result, Ok(false))).count()
    }

    /// How many of them came to their end as they must.
    pub fn held(&self) -> usize {
        self.rows.iter().filter(|row| matches!(row.result, Ok(true))).count()
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

/// The plots that are disturbed by a restart of the server.
const RESTARTED: [&str; 13] = [
    "first",
    "change",
    "online",
    "build",
    "drop",
    "rebuild",
    "held build",
    "held drop",
    "detach",
    "held detach",
    "held rebuild",
    "clear away",
    "change in postgres",
];

/// Points around what the server does, where its sessions and the server itself end too.
fn is_in_the_server(point: &str) -> bool {
    let families =
        ["group.", "ledger.", "lock.", "concurrent.", "carcass.", "sweep.", "approval.", "store_postgres."];
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
        "store_postgres.swap_sent_no_reply",
        "store_postgres.sent_no_reply",
    ];
    let families = ["concurrent.", "carcass."];
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

fn play_plots(pairs: Vec<(&'static Plot, &'static Server)>, jobs: usize) -> Vec<Played> {
    let played = in_parallel(pairs, jobs, |(plot, server)| {
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
    let reached: BTreeSet<&str> = played.iter().flat_map(points).map(|(name, _)| name.as_str()).collect();
    FAILPOINTS.iter().map(|point| point.name).filter(|name| !reached.contains(name)).collect()
}

/// Times at which a point is worth disturbing: the first two, the middle one, the last.
fn hits(passes: usize, extent: Extent) -> BTreeSet<usize> {
    match extent {
        Extent::Quick => BTreeSet::from([passes.div_ceil(2)]),
        Extent::Full => [1, 2, passes.div_ceil(2), passes].into_iter().filter(|hit| *hit <= passes).collect(),
    }
}

const DISTURBANCES: [Disturbance; 4] =
    [Disturbance::Error, Disturbance::Kill, Disturbance::Race, Disturbance::BackendTerminated];

/// The points of a plot that are disturbed, each with how often its command comes by.
fn points((template, reference): &Played) -> impl Iterator<Item = &(String, usize)> {
    reference.passes.iter().filter(|(point, _)| template.plot.is_about(point))
}

fn cases(played: &[Played], extent: Extent) -> Vec<(Case, &Played)> {
    let mut cases = Vec::new();
    for pair in played {
        let (template, _) = pair;
        for (point, passes) in points(pair) {
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
        // Some plots are played on one server only.
        cases.into_iter().max_by_key(|(case, _)| (case.major == major, case.hit))
    });
    chosen.collect()
}

fn restarts(durable: &[Played]) -> Vec<(Case, &Played)> {
    let mut cases = Vec::new();
    for pair in durable {
        let (template, _) = pair;
        for (point, passes) in points(pair).filter(|(point, _)| is_at_a_commit(point)) {
            for hit in hits(*passes, Extent::Full) {
                let (plot, major) = (template.plot.name, template.server.major());
                let disturbance = Disturbance::ServerRestarted;
                cases.push((Case { plot, major, point: point.clone(), hit, disturbance }, pair));
            }
        }
    }
    cases
}

/// How often a run comes by a point may depend on how long it takes; then the first time is the one.
fn play((case, (template, reference)): (Case, &Played)) -> Row {
    let try_once = |case: &Case| {
        let played = catch_unwind(AssertUnwindSafe(|| case.play(template, reference)));
        played.map_err(message)
    };
    match try_once(&case) {
        Ok(false) if case.hit > 1 => {
            let case = Case { hit: 1, ..case };
            let result = try_once(&case);
            Row { case, result }
        }
        result => Row { case, result },
    }
}
