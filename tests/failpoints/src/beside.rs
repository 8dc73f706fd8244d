//! What goes on in the database while a command runs: who holds up its work, has the lock, or cuts its connection.

use std::process::Child;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use e2e::{Output, eventually};
use postgres::Client;

use crate::environment::Signals;
use crate::proxy::CuttingProxy;
use crate::stage::Stage;

/// What goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Beside {
    Nothing,
    /// A transaction that has read this table: concurrent work on it waits until the transaction ends.
    Reader(&'static str),
    /// A transaction that has changed a row of `goods`, and another that waits for one which a chunk has changed while it
    /// waits for the first.
    Writers,
    /// An apply that has the lock and stands still at this point.
    Holder(&'static str),
    /// The connection of the command ends with its first ledger row.
    Cut,
}

/// The same while it goes on.
#[derive(Default)]
pub(crate) struct GoingOn {
    /// Holds the work up until the run comes by this point.
    transaction: Option<(Client, &'static str)>,
    writer: Option<Writer>,
    holder: Option<(Held, Signals, &'static str)>,
    pub(crate) proxy: Option<CuttingProxy>,
}

const HOLDER: &[&str] = &["apply", "--auto-approve", "--online", "never"];
const UNLOCK: &[&str] = &["unlock", "--terminate", "--auto-approve"];

impl GoingOn {
    /// Begins it.
    pub(crate) fn begin(stage: &Stage, beside: Beside) -> Self {
        let mut going_on = Self::default();
        let database = stage.project.database();
        match beside {
            Beside::Nothing => {}
            Beside::Reader(table) => {
                let mut reader = database.connect();
                let read = format!("BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT FROM {table} LIMIT 1");
                reader.batch_execute(&read).expect("a reader");
                going_on.transaction = Some((reader, "concurrent.during"));
            }
            Beside::Writers => {
                let mut first = database.connect();
                first.batch_execute("BEGIN; UPDATE goods SET id = id WHERE id = 2").expect("a writer");
                going_on.transaction = Some((first, "backfill.before_throttle"));
                going_on.writer = Some(Writer::begin(database.connect()));
            }
            Beside::Holder(point) => {
                let signals = Signals::in_folder(&stage.project.root().join("signals-of-the-holder"));
                let mut holder = Held(stage.start_with(&signals, HOLDER, &format!("{point}=pause")));
                assert!(signals.await_pause(point, || holder.has_ended()), "the holder comes by {point}");
                going_on.holder = Some((holder, signals, point));
            }
            Beside::Cut => {
                let proxy = CuttingProxy::start(database.server(), b"INSERT INTO djogi.op ", 0);
                going_on.proxy = Some(proxy);
            }
        }
        going_on
    }

    /// Ends what holds the command up, as soon as it has come to where that is seen, or has ended.
    pub(crate) fn end_when_seen(&mut self, stage: &Stage, mut has_ended: impl FnMut() -> bool) {
        if let Some((_, point)) = &self.transaction {
            eventually("the work is seen to be held up", || {
                has_ended() || stage.signals.trace().iter().any(|name| name == point)
            });
        }
        self.release();
    }

    fn release(&mut self) {
        self.transaction = None;
        self.writer = None;
    }

    /// Ends it.
    pub(crate) fn end(&mut self, stage: &Stage) {
        self.release();
        if let Some((mut holder, signals, point)) = self.holder.take() {
            stage.run(UNLOCK).ok();
            signals.release(point);
            let output = holder.output();
            assert!(matches!(output.code, Some(1 | 5)), "a holder that has lost its session {output}");
        }
    }
}

/// Changes the first row again and again, for a moment each.
struct Writer {
    is_over: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Writer {
    fn begin(mut client: Client) -> Self {
        let is_over = Arc::new(AtomicBool::new(false));
        let seen = is_over.clone();
        let thread = std::thread::spawn(move || {
            while !seen.load(Ordering::Relaxed) {
                // A server that is being restarted is no concern of a writer.
                let _ = client.batch_execute("BEGIN; UPDATE goods SET id = id WHERE id = 1; ROLLBACK");
                std::thread::sleep(Duration::from_millis(5));
            }
        });
        Self { is_over, thread: Some(thread) }
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.is_over.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            thread.join().expect("a writer does not panic");
        }
    }
}

/// A process that does not outlive its case.
pub(crate) struct Held(pub(crate) Child);

impl Held {
    pub(crate) fn has_ended(&mut self) -> bool {
        self.0.try_wait().expect("our own child").is_some()
    }

    /// What it has said, once it has ended.
    pub(crate) fn output(&mut self) -> Output {
        let (mut stdout, mut stderr) = (Vec::new(), Vec::new());
        if let Some(stream) = self.0.stdout.as_mut() {
            std::io::Read::read_to_end(stream, &mut stdout).expect("a pipe of our own");
        }
        if let Some(stream) = self.0.stderr.as_mut() {
            std::io::Read::read_to_end(stream, &mut stderr).expect("a pipe of our own");
        }
        let status = self.0.wait().expect("our own child");
        std::process::Output { status, stdout, stderr }.into()
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        if !self.has_ended() {
            let _ = self.0.kill();
            let _ = self.0.wait();
        }
    }
}
