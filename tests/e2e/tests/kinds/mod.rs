//! Each kind of object is made, altered, replaced, renamed and dropped, and every state is what PostgreSQL itself makes of
//! the same DDL.

mod constraints;
mod event_triggers;
mod foreign_data;
mod foreign_tables;
mod indexes;
mod languages;
mod operators;
mod partitions;
mod privileges;
mod publications;
mod roles;
mod routines;
mod sequences;
mod subscriptions;
mod tables;
mod text_search;
mod triggers;
mod types;
mod views;

use e2e::{Project, on_each_server};

/// Goes through `states` and back, on each server: whatever is declared is there after one apply.
#[track_caller]
fn passes(states: &[&str]) {
    on_each_server(|server| {
        let mut project = Project::new(server);
        project.set_target("destructive = \"allow\"");
        for state in states.iter().chain(states.iter().rev().skip(1)) {
            // A project that declares nothing any more is refused.
            let ddl = &format!("CREATE TABLE stays (); {state}");
            project.declare(ddl);
            project.apply();
            project.is_converged();
            project.matches(ddl);
        }
    });
}

/// As [`passes`], and an empty database at both ends.
#[track_caller]
fn comes_and_goes(states: &[&str]) {
    let all: Vec<&str> = std::iter::once("").chain(states.iter().copied()).collect();
    passes(&all);
}

/// A database that was made by hand is taken over, and nothing is left to do.
#[track_caller]
fn is_imported(ddl: &str) {
    on_each_server(|server| {
        let project = Project::declaring(server, ddl);
        project.database().run(ddl);
        project.run(&["import", "--all"]).ok();
        project.is_converged();
        project.matches(ddl);
    });
}
