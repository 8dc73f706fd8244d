//! Runs that are killed at any moment, some of them again and again before they come to their end.

use std::fmt;
use std::process::Child;
use std::time::{Duration, Instant};

use e2e::{Output, servers};

use crate::ending::{check_what_is_left, finish};
use crate::parallel::in_parallel;
use crate::plot::CROWD;
use crate::reference::Reference;
use crate::stage::{Stage, Template};

/// One run of the crowded plot: killed after each of these parts of the time that an undisturbed run takes.
#[derive(Clone, Debug)]
struct Killed {
    seed: u64,
    number: usize,
    major: u32,
    moments: Vec<f64>,
}

impl fmt::Display for Killed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { seed, number, major, moments } = self;
        write!(f, "run {number} of seed {seed}, killed at {moments:.3?}, PostgreSQL {major}")
    }
}

/// Kills `kills` runs at random moments; what failed comes back. The same seed gives the same moments, as far as a clock
/// can.
pub fn kill_at_random(kills: usize, seed: u64, jobs: usize) -> Vec<String> {
    let mut random = fastrand::Rng::with_seed(seed);
    let played: Vec<(Template, Reference, Duration)> = servers()
        .iter()
        .map(|server| {
            let template = Template::make(&CROWD, server);
            let reference = Reference::play(&template);
            let duration = undisturbed(&template.stage());
            (template, reference, duration)
        })
        .collect();
    let runs = (0..kills).map(|number| {
        let played = &played[number % played.len()];
        // One in four dies in its recovery too, and one in sixteen in the next.
        let times = 1 + (0..2).take_while(|_| random.u8(..) < 64).count();
        let moments = (0..times).map(|_| random.f64() * 1.1).collect();
        (Killed { seed, number, major: played.0.server.major(), moments }, played)
    });
    let results = in_parallel(runs.collect(), jobs, |(killed, (template, reference, duration))| {
        play(&killed, template, reference, *duration);
    });
    results.into_iter().filter_map(Result::err).collect()
}

fn undisturbed(stage: &Stage) -> Duration {
    let began = Instant::now();
    stage.run(CROWD.command).ok();
    began.elapsed()
}

fn play(killed: &Killed, template: &Template, reference: &Reference, duration: Duration) {
    let stage = template.stage();
    let mut is_acknowledged = false;
    for moment in &killed.moments {
        let mut child = stage.start(CROWD.command, "");
        // The moment is what is random here; nothing is waited for.
        std::thread::sleep(duration.mul_f64(*moment));
        let output = kill(&mut child);
        is_acknowledged = output.code == Some(0);
        check_what_is_left(killed, &stage, &CROWD, reference, &output);
    }
    finish(killed, &stage, &CROWD, reference, is_acknowledged);
}

/// SIGKILL, unless it has ended by itself.
fn kill(child: &mut Child) -> Output {
    child.kill().expect("our own child");
    let status = child.wait().expect("our own child");
    std::process::Output { status, stdout: Vec::new(), stderr: Vec::new() }.into()
}
