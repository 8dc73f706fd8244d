//! One disturbance of one plot, and what must come of it.

use std::fmt;

use djogi_cluster::failpoint::Mode;
use e2e::Output;

use crate::ending::{check_what_is_left, finish};
use crate::plot::Plot;
use crate::reference::Reference;
use crate::stage::{Stage, Template};

/// What happens to a run at a failpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Disturbance {
    /// The point returns an error.
    Error,
    /// The process is killed.
    Kill,
    /// The process stands still while another run tries to overtake it.
    Race,
    /// Its session is terminated.
    BackendTerminated,
    /// The server is stopped in immediate mode and started again.
    ServerRestarted,
}

impl Disturbance {
    /// As the heads of the matrix say it.
    pub fn as_str(self) -> &'static str {
        match self {
            Disturbance::Error => "error",
            Disturbance::Kill => "kill",
            Disturbance::Race => "race",
            Disturbance::BackendTerminated => "backend terminated",
            Disturbance::ServerRestarted => "server restarted",
        }
    }

    /// What the failpoint does.
    pub fn mode(self) -> Mode {
        match self {
            Disturbance::Error => Mode::Error,
            Disturbance::Kill => Mode::Kill,
            Disturbance::Race | Disturbance::BackendTerminated | Disturbance::ServerRestarted => Mode::Pause,
        }
    }
}

/// A disturbance at the `hit`-th time that a run comes by `point`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Case {
    pub plot: &'static str,
    pub major: u32,
    pub point: String,
    pub hit: usize,
    pub disturbance: Disturbance,
}

impl fmt::Display for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { plot, major, point, hit, disturbance } = self;
        write!(f, "{plot}, {point}@{hit}, {}, PostgreSQL {major}", disturbance.as_str())
    }
}

impl Case {
    /// Plays it; `false` when the run did not come by the point this time. Panics when anything is not as it must be.
    pub fn play(&self, template: &Template, reference: &Reference) -> bool {
        let stage = template.stage();
        let points = format!("{}={}@{}", self.point, self.disturbance.mode().as_str(), self.hit);
        let output = match self.disturbance {
            Disturbance::Error | Disturbance::Kill => stage.play(template.plot, &points),
            Disturbance::Race | Disturbance::BackendTerminated | Disturbance::ServerRestarted => {
                self.hold_up(&stage, template, &points)
            }
        };
        let passes = stage.signals.trace().iter().filter(|name| **name == self.point).count();
        if passes < self.hit {
            assert_eq!(output.code, Some(template.plot.code), "{self}: undisturbed, but {output}");
            return false;
        }
        self.check_exit(&output, template.plot);
        check_what_is_left(self, &stage, template.plot, reference, &output);
        let is_acknowledged = output.code == Some(0) && !matches!(template.plot.command, ["plan", ..]);
        finish(self, &stage, template.plot, reference, is_acknowledged);
        true
    }

    fn check_exit(&self, output: &Output, plot: &Plot) {
        let expected = match self.disturbance {
            Disturbance::Error => output.code.is_some_and(|code| code == 1 || code == 5),
            Disturbance::Kill => output.code.is_none(),
            // Who was overtaken before it had the lock has nothing to do, or a plan that is too old.
            Disturbance::Race => {
                matches!(output.code, Some(0 | 5))
                    || output.code == Some(plot.code)
                    || plot.says_it_is_done(output)
            }
            Disturbance::BackendTerminated | Disturbance::ServerRestarted => {
                matches!(output.code, Some(0 | 1 | 5))
            }
        };
        assert!(expected, "{self}: {output}");
        if self.disturbance == Disturbance::Error {
            assert!(output.all().contains(&self.point), "{self}: nothing names it: {output}");
        }
    }

    /// Lets the run stand still, does something to it, and lets it go on.
    fn hold_up(&self, stage: &Stage, template: &Template, points: &str) -> Output {
        let (mut run, mut going_on) = stage.begin(template.plot, points);
        if stage.await_pause(&self.point, || run.has_ended()) {
            match self.disturbance {
                Disturbance::BackendTerminated => stage.terminate_sessions(),
                Disturbance::ServerRestarted => {
                    template.server.crash();
                    stage.project.database().reconnect();
                }
                Disturbance::Race | Disturbance::Error | Disturbance::Kill => {
                    let racer = stage.run(template.plot.again[0]);
                    let is_refused = matches!(racer.code, Some(4)) || racer.all().contains("state_busy");
                    let is_done = racer.code == Some(0) || template.plot.says_it_is_done(&racer);
                    assert!(is_done || is_refused, "{self}: the racer {racer}");
                }
            }
            going_on.end(stage);
            stage.release(&self.point);
        }
        let output = run.output();
        going_on.end(stage);
        output
    }
}
