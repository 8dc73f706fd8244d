//! What models can say beyond tables: security, triggers, storage, views and types of their own. Each comes to be, is
//! found to be so by the next plan, changes, and goes.

mod grants;
mod heeranjid;
mod keys;
mod live;
mod partitions;
mod security;
mod sensitive;
mod storage;
mod tenants;
mod triggers;
mod types;
mod unmanaged;
mod views;

use djogi_core::Ident;
use djogi_core::model::{ModelDescriptor, lower};
use e2e::{Output, Project, Server};

/// A project of models, whose scratch databases are made on its own server. Nothing is too dear to it to be dropped.
fn project(server: &'static Server, models: &[&'static ModelDescriptor]) -> Project {
    let mut project = Project::new(server);
    project.set_target("destructive = \"allow\"");
    project.set_variable("SCRATCH_URL", &server.url("postgres"));
    declare(&project, models);
    project
}

fn declare(project: &Project, models: &[&'static ModelDescriptor]) {
    project.declare_all(&lower(models, &[], &Ident::new("main").unwrap()).unwrap());
}

fn run(project: &Project, arguments: &[&str]) -> Output {
    project.run(&[&["--scratch-url", "env:SCRATCH_URL"], arguments].concat())
}

#[track_caller]
fn apply(project: &Project) -> Output {
    run(project, &["apply", "--auto-approve"]).ok()
}

#[track_caller]
fn is_converged(project: &Project) {
    run(project, &["plan", "--detailed-exitcode"]).ok().says(&["Nothing to do."]);
}

/// Applies `models`, after which nothing is left to do.
#[track_caller]
fn becomes(project: &Project, models: &[&'static ModelDescriptor]) {
    declare(project, models);
    apply(project);
    is_converged(project);
}
