//! A project in a place that cannot be written: looking works, changing is refused before the database is touched.

use std::fs::{self, Permissions};
use std::io::Write as _;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::os::unix::process::CommandExt;
use std::process::Command;

use e2e::{Output, Project, Server, fingerprint, on_each_server};

const BEFORE: &str = "CREATE TABLE t (id bigint PRIMARY KEY);";
const AFTER: &str = "CREATE TABLE t (id bigint PRIMARY KEY, x text);";

/// Fails unless `run` can look but not change, with a project that was applied before and with a new one.
fn can_only_look(server: &'static Server, run: impl Fn(&Project, &[&str]) -> Output) {
    for has_state in [true, false] {
        let project = Project::declaring(server, BEFORE);
        let changing: &[&[&str]] = if has_state {
            project.apply();
            project.database().run("COMMENT ON TABLE t IS 'changed behind djogi''s back'");
            &[&["apply", "--auto-approve"], &["refresh"]]
        } else {
            &[&["apply", "--auto-approve"]]
        };
        project.declare(AFTER);
        let everything = || {
            let schemas = project.database().column("SELECT nspname FROM pg_namespace ORDER BY 1");
            (project.files(), fingerprint(project.database(), "public"), schemas)
        };
        let before = everything();
        run(&project, &["plan"]).ok().says(&["table.main.public.t"]);
        run(&project, &["status"]).ok();
        run(&project, &["validate"]).ok();
        for command in changing {
            run(&project, command).expect(1).says(&[".djogi", "cannot"]);
            assert_eq!(everything(), before, "after {command:?}, with a state: {has_state}");
        }
    }
}

#[test]
fn a_folder_of_somebody_else() {
    on_each_server(|server| {
        let owner = fs::metadata(server.socket_dir()).expect("the folder of a running server");
        can_only_look(server, |project, arguments| {
            let mut command = project.command(arguments);
            if rustix::process::geteuid().is_root() {
                // The account of the server can reach its socket, and the project belongs to root.
                command.uid(owner.uid()).gid(owner.gid());
                command.output().expect("the binary runs").into()
            } else {
                let folders = [project.root().to_owned(), project.root().join(".djogi")];
                let mode = |mode| {
                    for folder in folders.iter().filter(|folder| folder.exists()) {
                        fs::set_permissions(folder, Permissions::from_mode(mode)).expect("our own folder");
                    }
                };
                mode(0o555);
                let output = command.output().expect("the binary runs").into();
                mode(0o755);
                output
            }
        });
    });
}

/// A command that runs `inner` where the project's folder is mounted read-only, for nobody else.
fn mounted_read_only(project: &Project, inner: &Command) -> Command {
    let mut command = Command::new("unshare");
    let script =
        "mount --bind \"$1\" \"$1\" && mount -o remount,ro,bind \"$1\" && cd \"$1\" && shift && exec \"$@\"";
    command.args(["--mount", "sh", "-c", script, "sh"]).arg(project.root());
    command.arg(inner.get_program()).args(inner.get_args()).env_clear();
    command.envs(inner.get_envs().filter_map(|(name, value)| Some((name, value?))));
    command.envs(std::env::var_os("PATH").map(|path| ("PATH", path)));
    command.envs(std::env::var_os("HOME").map(|home| ("HOME", home)));
    command
}

#[test]
fn a_file_system_that_is_mounted_read_only() {
    on_each_server(|server| {
        let project = Project::new(server);
        let works =
            mounted_read_only(&project, &Command::new("true")).status().is_ok_and(|ran| ran.success());
        if !works {
            // Unlike the macros, this is seen when the test passes.
            let said = "SKIPPED: nothing can be mounted here, so a read-only mount is not tested";
            writeln!(std::io::stderr(), "{said}").expect("standard error");
            return;
        }
        can_only_look(server, |project, arguments| {
            mounted_read_only(project, &project.command(arguments)).output().expect("unshare runs").into()
        });
    });
}
