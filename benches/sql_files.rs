//! A project of SQL files beside one of models, and beside `psql` that runs the same files.

use std::fmt::Write as _;
use std::process::Command;

use crate::process::{in_turn, time};
use crate::project::Project;
use crate::report::Report;
use crate::schema::{Extra, ddl, declarations};
use crate::server::Server;
use crate::{Outcome, Programs};

/// Each table of the schema is five objects: itself, two constraints, two indexes.
const OBJECTS_OF_A_TABLE: usize = 5;

/// A project of `objects` objects that are declared in SQL files.
pub(crate) fn sql_files(
    objects: usize,
    programs: &Programs,
    server: &Server,
    runs: usize,
    report: &mut Report,
) -> Outcome<()> {
    unchanged(objects, programs, server, runs, report)?;
    let in_order = statements(objects);
    changed("in order", &in_order, (objects, Some(1.5)), (programs, server, runs), report)?;
    let backwards: Vec<String> = in_order.into_iter().rev().collect();
    changed("backwards", &backwards, (objects, None), (programs, server, runs), report)
}

/// The same objects from files and from models, both in their databases already.
fn unchanged(
    objects: usize,
    programs: &Programs,
    server: &Server,
    runs: usize,
    report: &mut Report,
) -> Outcome<()> {
    let tables = objects / OBJECTS_OF_A_TABLE;
    let (of_files, of_models) = (format!("files_{objects}"), format!("models_{objects}"));
    server.create(&of_files)?;
    let files = Project::of_sql(&programs.djogi, &server.url(&of_files), &server.url("postgres"))?;
    files.write("schema.sql", &ddl(tables))?;
    time(&mut files.apply())?;
    server.create(&of_models)?;
    let models = Project::of_catalog(&programs.djogi, &server.url(&of_models))?;
    models.declare(&declarations(tables, Extra::none))?;
    time(&mut models.apply())?;
    let (files, models) = in_turn(runs, |_| time(&mut files.plan()), |_| time(&mut models.plan()))?;
    let title = format!("{objects:>5} SQL objects: no-op plan : the same from models");
    report.ratio(&title, files, models, (objects >= 1000).then_some(1.2));
    Ok(())
}

/// A plan after something changed in the files, so that all of them are read again by PostgreSQL.
fn changed(
    order: &str,
    statements: &[String],
    (objects, bar): (usize, Option<f64>),
    (programs, server, runs): (&Programs, &Server, usize),
    report: &mut Report,
) -> Outcome<()> {
    let name = format!("changed_{objects}_{}", order.replace(' ', "_"));
    server.create(&name)?;
    let project = Project::of_sql(&programs.djogi, &server.url(&name), &server.url("postgres"))?;
    let text = statements.concat();
    project.write("schema.sql", &text)?;
    time(&mut project.apply())?;
    // What psql runs is in order in any case: it knows no other.
    let script = tempfile::Builder::new().suffix(".sql").tempfile()?;
    std::fs::write(script.path(), self::statements(objects).concat())?;
    let plan = |run| {
        project.write("schema.sql", &format!("{text}-- {run}\n"))?;
        time(&mut project.plan())
    };
    let psql = |run| {
        let database = format!("psql_{name}_{run}");
        server.create(&database)?;
        let mut command = Command::new(programs.postgres.join("psql"));
        command.args(["-X", "-q", "-v", "ON_ERROR_STOP=1", "-f"]).arg(script.path());
        time(command.arg(server.url(&database)))
    };
    let (plan, psql) = in_turn(runs, plan, psql)?;
    for run in 0..runs {
        server.execute("postgres", &format!("DROP DATABASE psql_{name}_{run}"))?;
    }
    let title = format!("{objects:>5} SQL objects, {order}: plan of changed files : psql -f");
    report.ratio(&title, plan, psql, bar.filter(|_| objects >= 1000));
    Ok(())
}

/// Half of the objects are those of tables, a quarter views on them, a quarter functions.
fn statements(objects: usize) -> Vec<String> {
    let tables = objects / 2 / OBJECTS_OF_A_TABLE;
    let mut statements: Vec<String> = ddl(tables).split_inclusive(";\n").map(ToOwned::to_owned).collect();
    for number in 0..objects / 4 {
        let mut view = format!("CREATE VIEW public.view_{number} AS\n    SELECT t.id, t.name, p.email ");
        let (table, parent) = (number % tables, number % tables / 2);
        let _ = writeln!(
            view,
            "FROM public.table_{table} t JOIN public.table_{parent} p ON p.id = t.parent_id WHERE t.active;"
        );
        statements.push(view);
        statements.push(format!(
            "CREATE FUNCTION public.function_{number}(amount numeric) RETURNS numeric LANGUAGE plpgsql AS \
             $$ BEGIN RETURN amount * {number}; END $$;\n"
        ));
    }
    statements
}
