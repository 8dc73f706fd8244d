//! Copies of one beginning: a database, a project's folder, and the state in it.

use std::cell::Cell;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

use djogi_cluster::connect::ConnectParameters;
use djogi_cluster::identity::{Actor, RunId};
use djogi_cluster::state::{
    Content, HISTORY_LENGTH, LocalStore, PostgresStore, Snapshot, Store, WrittenBy, publish,
};
use djogi_core::Digest;
use e2e::{Database, Output, Project, Server};
use postgres::{Client, NoTls};

use crate::beside::{GoingOn, Held};
use crate::binary::djogi;
use crate::environment::Signals;
use crate::leftover::await_the_end_of_sessions;
use crate::observe::runtime;
use crate::plot::{Keeper, Plot};

/// The name of the projects, and so of their states in a database.
const NAME: &str = "e2e";
const IN_POSTGRES: &str = "[state]\nbackend = \"postgres\"\n";

/// The beginning of a plot on one server.
#[derive(Debug)]
pub struct Template {
    pub plot: &'static Plot,
    pub server: &'static Server,
    database: String,
    /// Below the project's folder, what a run before has left there.
    files: Vec<(PathBuf, Vec<u8>)>,
    declarations: String,
}

impl Template {
    /// Plays what comes before the disturbed command.
    pub fn make(plot: &'static Plot, server: &'static Server) -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let database = format!("template_{}_{number}", std::process::id());
        execute(&server.url("postgres"), &format!("CREATE DATABASE {database} TEMPLATE template0"));
        let url = server.url(&database);
        let mut project = Project::new(server);
        configure(&mut project, plot);
        project.set_variable("DATABASE_URL", &url);
        if !plot.before.is_empty() {
            project.declare(plot.before);
            run(&project, &["apply", "--auto-approve"]).ok();
            fill_history(store_of(&project, plot.state, &url).as_ref());
        }
        execute(&url, plot.by_hand);
        project.declare_renamed(plot.after, plot.renames);
        let files = project.files().into_iter().filter_map(|(path, (content, _))| {
            let below = path.strip_prefix(project.root()).expect("a file of the project").to_owned();
            (below.starts_with(".djogi") && path.is_file()).then_some((below, content))
        });
        let files = files.collect();
        let declarations = project.read("catalog.json");
        Self { plot, server, database, files, declarations }
    }

    /// A copy to play in.
    pub fn stage(&self) -> Stage {
        let mut project = Project::in_database(Database::copy_of(self.server, &self.database));
        configure(&mut project, self.plot);
        project.write("catalog.json", &self.declarations);
        for (path, content) in &self.files {
            let file = project.root().join(path);
            std::fs::create_dir_all(file.parent().expect("a folder")).expect("our own folder");
            std::fs::write(&file, content).expect("our own folder");
        }
        if !self.plot.before.is_empty() {
            move_state(store_of(&project, self.plot.state, &project.database().url()).as_ref(), &project);
        }
        if !self.files.is_empty() {
            // What a writer that was killed has left.
            project.write(".djogi/.tmp-left", "{");
        }
        let signals = Signals::in_folder(&project.root().join("signals"));
        let stage = Stage { project, signals, keeper: Cell::new(self.plot.state) };
        if let Some(points) = self.plot.dies_at {
            let died = stage.run_disturbed(self.plot.command, points);
            assert_eq!(died.code, None, "{points}: {died}");
            await_the_end_of_sessions(&stage.project);
            stage.signals.forget_trace();
        }
        stage.project.database().run(self.plot.by_hand_then);
        if let Some(plant) = self.plot.plant {
            plant(&stage);
        }
        for arguments in self.plot.prelude {
            stage.run(arguments).ok();
        }
        stage
    }
}

/// A project that is about to be disturbed.
#[derive(Debug)]
pub struct Stage {
    pub project: Project,
    pub(crate) signals: Signals,
    keeper: Cell<Keeper>,
}

impl Stage {
    /// Runs djogi undisturbed.
    pub fn run(&self, arguments: &[&str]) -> Output {
        run(&self.project, arguments)
    }

    /// Runs djogi with failpoints, such as `group.before_commit=kill@2`.
    pub fn run_disturbed(&self, arguments: &[&str], points: &str) -> Output {
        self.command(arguments, points).output().expect("the binary runs").into()
    }

    /// Starts djogi with failpoints, its output piped.
    pub fn start(&self, arguments: &[&str], points: &str) -> Child {
        self.start_with(&self.signals, arguments, points)
    }

    /// As [`Stage::start`], and the run has signals of its own.
    pub(crate) fn start_with(&self, signals: &Signals, arguments: &[&str], points: &str) -> Child {
        let mut command = self.project.command_of(djogi(), arguments);
        signals.set(&mut command, points);
        command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the binary runs")
    }

    /// Starts the command of `plot`, with what goes on beside it.
    pub(crate) fn begin(&self, plot: &Plot, points: &str) -> (Held, GoingOn) {
        let going_on = GoingOn::begin(self, plot.beside);
        let mut command = self.command(plot.command, points);
        if let Some(proxy) = &going_on.proxy {
            command.env("DATABASE_URL", proxy.url(self.project.database()));
        }
        let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
        (Held(child.expect("the binary runs")), going_on)
    }

    /// Runs the command of `plot` to its end, with what goes on beside it.
    pub(crate) fn play(&self, plot: &Plot, points: &str) -> Output {
        let (mut run, mut going_on) = self.begin(plot, points);
        going_on.end_when_seen(self, || run.has_ended());
        let output = run.output();
        going_on.end(self);
        output
    }

    /// Tells the project where its state is by now.
    pub(crate) fn look_for_state_in(&self, keeper: Keeper) {
        if self.keeper.replace(keeper) == Keeper::Folder && keeper == Keeper::Postgres {
            let text = self.project.read("djogi.toml");
            self.project.write("djogi.toml", &format!("{text}{IN_POSTGRES}"));
        }
    }

    /// Waits until the started run stands still at `point`; `false` when it has ended instead.
    pub fn await_pause(&self, point: &str, has_ended: impl FnMut() -> bool) -> bool {
        self.signals.await_pause(point, has_ended)
    }

    /// Lets the run go on that stands still at `point`.
    pub fn release(&self, point: &str) {
        self.signals.release(point);
    }

    /// Terminates the sessions of djogi, and waits for their end.
    pub fn terminate_sessions(&self) {
        self.project.database().run(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
              WHERE datname = current_database() AND application_name LIKE 'djogi%'",
        );
        await_the_end_of_sessions(&self.project);
    }

    /// Publishes another revision of the state, as a run elsewhere does that shares the store.
    pub fn publish_elsewhere(&self) {
        let digest = Digest::of_bytes(b"a configuration elsewhere");
        rewrite(self.store().as_ref(), |content| content.config_digest = Some(digest));
    }

    fn command(&self, arguments: &[&str], points: &str) -> Command {
        let mut command = self.project.command_of(djogi(), arguments);
        self.signals.set(&mut command, points);
        command
    }

    /// The state store of the project.
    pub fn store(&self) -> Box<dyn Store> {
        self.store_in(self.keeper.get())
    }

    pub(crate) fn store_in(&self, keeper: Keeper) -> Box<dyn Store> {
        store_of(&self.project, keeper, &self.project.database().url())
    }

    /// The state as a document.
    pub fn state_document(&self) -> serde_json::Value {
        let snapshot = runtime().block_on(self.store().read()).expect("a state that can be read");
        let state = snapshot.state.expect("a state");
        serde_json::from_slice(&state.to_bytes()).expect("a state is JSON")
    }

    /// The state as a document, with the catalogs that its targets name in their place.
    pub(crate) fn whole_state_document(&self) -> serde_json::Value {
        let mut document = self.state_document();
        let targets = document["targets"].as_object_mut().expect("targets").values_mut();
        for target in targets {
            let digest: Digest = target["catalog"].as_str().expect("a digest").parse().expect("a digest");
            let catalog =
                runtime().block_on(self.store().catalog(&digest)).expect("the catalog of the state");
            target["catalog"] = serde_json::from_slice(&catalog.to_bytes().0).expect("a catalog is JSON");
        }
        document
    }
}

fn configure(project: &mut Project, plot: &Plot) {
    project.set_target(plot.settings);
    if plot.state == Keeper::Postgres {
        project.configure_more(IN_POSTGRES);
    }
}

fn store_of(project: &Project, keeper: Keeper, url: &str) -> Box<dyn Store> {
    match keeper {
        Keeper::Folder => Box::new(LocalStore::new(project.root().join(".djogi"))),
        Keeper::Postgres => {
            let parameters: ConnectParameters = url.parse().expect("the URL of a server");
            Box::new(PostgresStore::new(parameters, NAME))
        }
    }
}

fn run(project: &Project, arguments: &[&str]) -> Output {
    project.command_of(djogi(), arguments).output().expect("the binary runs").into()
}

fn execute(url: &str, sql: &str) {
    let mut client = Client::connect(url, NoTls).unwrap_or_else(|error| panic!("{url}: {error:?}"));
    client.batch_execute(sql).unwrap_or_else(|error| panic!("{sql}: {error:?}"));
}

/// As many revisions as are kept, so that the next one makes the store forget the oldest.
fn fill_history(store: &dyn Store) {
    for number in 0..HISTORY_LENGTH {
        let digest = (number % 2 == 0).then(|| Digest::of_bytes(b"another configuration"));
        rewrite(store, |content| content.config_digest = digest);
    }
}

/// The state says that its target is the database of this project.
fn move_state(store: &dyn Store, project: &Project) {
    let database = project.database().name();
    rewrite(store, |content| {
        for target in content.targets.values_mut() {
            database.clone_into(&mut target.database);
        }
    });
}

/// Publishes the state as `change` makes it, if there is one.
fn rewrite(store: &dyn Store, change: impl FnOnce(&mut Content)) {
    runtime().block_on(async {
        let base: Snapshot = store.read().await.expect("a state");
        let Some(state) = &base.state else { return };
        let (lineage, mut content) = (state.lineage, state.content.clone());
        change(&mut content);
        let actor = Actor::new("tester@e2e").expect("an actor");
        let written_by = WrittenBy::now(actor, RunId::generate());
        publish(store, &base, lineage, content, written_by).await.expect("a new revision");
    });
}
