//! A state of a pair as sources: written from a database that holds it, they plan to nothing on it, and loaded into an
//! empty database they make the same.

use postgres::Client;

use super::case::Case;
use super::snapshot::Snapshot;
use super::trial::{BYSTANDER, Direction, Failure, State, Verdict, changed, fail, refused};
use crate::{Database, Output, Project, Server};

/// Tries the old state (forward) and the new one (back).
pub(super) fn try_both(server: &'static Server, case: &Case) -> [(Direction, Verdict); 2] {
    [(Direction::Forward, &case.old), (Direction::Back, &case.new)].map(|(direction, sql)| {
        let verdict =
            match State::of(server, sql, None, &[]).and_then(|mut state| Ok((state.schemas()?, state))) {
                Err(reason) => Verdict::NotLoaded(reason),
                Ok((mut schemas, state)) => {
                    schemas.insert("public".to_owned());
                    let names: Vec<&str> = schemas.iter().map(String::as_str).collect();
                    match go_round(state, &names) {
                        Ok(()) => Verdict::Passed { reordered: false },
                        Err(failure) => Verdict::Failed(failure),
                    }
                }
            };
        (direction, verdict)
    })
}

fn go_round(state: State, schemas: &[&str]) -> Result<(), Failure> {
    let State { database, snapshot, .. } = state;
    let server = database.server();
    let scratch = server.url("postgres");
    let mut project = Project::in_database(database).managing(schemas);
    project.configure("[sql]\nfiles = [\"schema/**/*.sql\"]\n");
    // A state that holds nothing has no file.
    project.write("schema/nothing.sql", "");
    let run = |arguments: &[&str]| {
        let mut all = vec!["--scratch-url", scratch.as_str()];
        all.extend(arguments);
        project.run(&all)
    };
    let import = ["import", "--all", "--write-sql", "schema", "--json"];
    let imported = ended_well("import", run(&import))?;
    let planned = run(&["plan", "--json", "--detailed-exitcode"]);
    match planned.code {
        Some(0) => {}
        Some(2) => return Err(fail("the written files are not what is there", changed(&planned))),
        _ => return Err(refused("plan", &planned)),
    }
    let again = ended_well("import", run(&import))?.json();
    if again["files"]["written"] != 0 || again["files"]["removed"] != 0 {
        return Err(fail("a second import writes other files", vec![again["files"].to_string()]));
    }
    for (side, arguments) in [
        ("live", &["dump", "--output", "live.sql"][..]),
        ("desired", &["dump", "--desired", "--output", "desired.sql"]),
    ] {
        let dumped = ended_well("dump", run(arguments))?;
        let made = Database::create(server);
        let mut client = made.connect();
        client
            .batch_execute(&project.read(&format!("{side}.sql")))
            .map_err(|error| fail(format!("the script of {side} does not load"), vec![told(&error)]))?;
        let (differences, _) = found(&made)?.differences(&snapshot);
        if !differences.is_empty() {
            let unwritten = dumped.stderr + &imported.stderr;
            let class = match unwritten.contains("not_written") {
                true => "not modelled".to_owned(),
                false => {
                    let kinds: Vec<&str> = differences.keys().map(String::as_str).collect();
                    format!("the script of {side} makes something else: {}", kinds.join(", "))
                }
            };
            return Err(fail(class, differences.into_values().flatten().chain([unwritten]).collect()));
        }
    }
    Ok(())
}

fn ended_well(command: &str, output: Output) -> Result<Output, Failure> {
    if output.code == Some(0) { Ok(output) } else { Err(refused(command, &output)) }
}

fn found(database: &Database) -> Result<Snapshot, Failure> {
    let mut client: Client = database.connect();
    Snapshot::of(&mut client, BYSTANDER, &[]).map_err(|error| fail("the database", vec![told(&error)]))
}

fn told(error: &postgres::Error) -> String {
    match error.as_db_error() {
        Some(error) => format!("{} {:?}", error.message(), error.where_()),
        None => error.to_string(),
    }
}
