//! Output that goes nowhere: who reads it or not never decides what is done.

use std::fs::{self, File};
use std::os::unix::fs::FileTypeExt;
use std::process::{Command, Stdio};

use e2e::{Output, Project, Server, servers};

const MODELS: &str = "CREATE TABLE t (id bigint PRIMARY KEY);";

fn server() -> &'static Server {
    &servers()[0]
}

fn full() -> Stdio {
    File::options().write(true).open("/dev/full").expect("/dev/full").into()
}

/// A pipe that nobody reads.
fn closed() -> Stdio {
    let (reader, writer) = std::io::pipe().expect("a pipe");
    drop(reader);
    writer.into()
}

#[test]
fn a_full_disk_behind_the_output_is_an_error_on_the_other_stream() {
    let project = Project::declaring(server(), MODELS);
    for arguments in [&["plan"][..], &["plan", "--json"], &["status"], &["--help"]] {
        let output =
            project.command(arguments).stdout(full()).stderr(Stdio::piped()).output().expect("it runs");
        Output::from(output).expect(1).says(&["output_failed", "No space left on device"]);
    }
}

#[test]
fn a_reader_that_went_away_ends_a_plan_quietly() {
    let project = Project::declaring(server(), MODELS);
    let output =
        project.command(&["plan"]).stdout(closed()).stderr(Stdio::piped()).output().expect("it runs");
    let output = Output::from(output).expect(1);
    assert_eq!(output.all(), "");
}

#[test]
fn an_apply_finishes_whoever_listens() {
    for stdout in [full, closed] {
        for arguments in [&["apply", "--auto-approve"][..], &["apply", "--auto-approve", "--json"]] {
            let project = Project::declaring(server(), MODELS);
            let output = project.command(arguments).stdout(stdout()).stderr(Stdio::piped()).output();
            Output::from(output.expect("it runs")).ok();
            project.is_converged();
        }
    }
}

#[test]
fn a_plan_saved_to_a_pipe_goes_through_it() {
    let project = Project::declaring(server(), MODELS);
    let pipe = project.root().join("pipe");
    assert!(Command::new("mkfifo").arg(&pipe).status().expect("mkfifo").success());
    let reader = std::thread::spawn({
        let pipe = pipe.clone();
        move || fs::read_to_string(pipe).expect("a plan")
    });
    project.run(&["plan", "--out", "pipe"]).ok();
    let plan: serde_json::Value = serde_json::from_str(&reader.join().expect("a reader")).expect("a plan");
    assert_eq!(plan["format_version"], "1.0");
    assert!(fs::metadata(&pipe).expect("the pipe").file_type().is_fifo(), "it was replaced by a file");
}
