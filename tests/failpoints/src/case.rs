//! One disturbance of one plot, and what must come of it.

use std::fmt;
use std::process::Child;

use djogi_cluster::failpoint::Mode;
use e2e::Output;
use rustix::process::Signal;

use crate::ending::{check_what_is_left, finish};
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
            Disturbance::Error | Disturbance::Kill => stage.run_disturbed(template.plot.command, &points),
            Disturbance::Race | Disturbance::BackendTerminated | Disturbance::ServerRestarted => {
                self.hold_up(&stage, template, &points)
            }
        };
        let passes = stage.signals.trace().iter().filter(|name| **name == self.point).count();
        if passes < self.hit {
            assert_eq!(output.code, Some(0), "{self}: undisturbed, but {output}");
            return false;
        }
        self.check_exit(&output);
        check_what_is_left(self, &stage, template.plot, reference, &output);
        let is_acknowledged = output.code == Some(0) && !matches!(template.plot.command, ["plan", ..]);
        finish(self, &stage, template.plot, reference, is_acknowledged);
        true
    }

    fn check_exit(&self, output: &Output) {
        let expected = match self.disturbance {
            Disturbance::Error => output.code.is_some_and(|code| code == 1 || code == 5),
            Disturbance::Kill => output.code.is_none(),
            // Who was overtaken before it had the lock has nothing to do, or a plan that is too old.
            Disturbance::Race => matches!(output.code, Some(0 | 5)),
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
        let mut run = Held(stage.start(template.plot.command, points));
        let has_ended = || run.0.try_wait().expect("our own child").is_some();
        if stage.await_pause(&self.point, has_ended) {
            match self.disturbance {
                Disturbance::BackendTerminated => {
                    stage.terminate_sessions();
                }
                Disturbance::ServerRestarted => {
                    template.server.crash();
                    stage.project.database().reconnect();
                }
                Disturbance::Race | Disturbance::Error | Disturbance::Kill => {
                    let racer = stage.run(template.plot.again[0]);
                    assert!(matches!(racer.code, Some(0 | 4)), "{self}: the racer {racer}");
                }
            }
            stage.release(&self.point);
        }
        run.output()
    }
}

/// A process that does not outlive its case.
struct Held(Child);

impl Held {
    fn output(mut self) -> Output {
        let streams = (self.0.stdout.take(), self.0.stderr.take());
        let read = |stream: Option<&mut dyn std::io::Read>| {
            let mut bytes = Vec::new();
            if let Some(stream) = stream {
                stream.read_to_end(&mut bytes).expect("a pipe of our own");
            }
            bytes
        };
        let (mut stdout, mut stderr) = streams;
        let stdout = read(stdout.as_mut().map(|s| s as &mut dyn std::io::Read));
        let stderr = read(stderr.as_mut().map(|s| s as &mut dyn std::io::Read));
        let status = self.0.wait().expect("our own child");
        std::process::Output { status, stdout, stderr }.into()
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        if let (Ok(None), pid) = (self.0.try_wait(), rustix::process::Pid::from_child(&self.0)) {
            let _ = rustix::process::kill_process(pid, Signal::KILL);
            let _ = self.0.wait();
        }
    }
}
