//! The scratch server: fast, of the wanted version, and gone afterwards.

use std::path::Path;
use std::time::Instant;

use djogi_cluster::server::{ScratchOptions, ScratchServer};

use super::child::Holder;
use super::project::{connect, eventually, installations, lives, only, quiet};

fn start(installation: &Path) -> ScratchServer {
    ScratchServer::start(&ScratchOptions { search: only(installation) }, &quiet).unwrap()
}

fn pid_in(socket_dir: &Path) -> i32 {
    let text = std::fs::read_to_string(socket_dir.join("data/postmaster.pid")).unwrap();
    text.lines().next().unwrap().parse().unwrap()
}

#[tokio::test]
async fn a_scratch_server_runs_and_leaves_nothing() {
    for installation in installations() {
        drop(start(&installation));
        let begun = Instant::now();
        let server = start(&installation);
        println!("{}: scratch start {:?}", installation.display(), begun.elapsed());
        let folder = server.socket_dir().to_owned();
        let pid = pid_in(&folder);
        let client = connect(&server.connect_config("postgres")).await;
        client.batch_execute("CREATE DATABASE a STRATEGY file_copy").await.unwrap();
        let version: String = client.query_one("SHOW server_version_num", &[]).await.unwrap().get(0);
        assert_eq!(version.parse::<u32>().unwrap() / 10_000, server.major());
        connect(&server.url("a").parse().unwrap()).await;
        let begun = Instant::now();
        drop(server);
        println!("{}: scratch stop {:?}", installation.display(), begun.elapsed());
        assert!(!folder.exists() && !folder.with_extension("owner").exists() && !lives(pid));
    }
}

#[tokio::test]
async fn scratch_servers_do_not_disturb_each_other() {
    let installation = &installations()[0];
    let (first, second) = (start(installation), start(installation));
    assert_ne!(first.socket_dir(), second.socket_dir());
    drop(first);
    connect(&second.connect_config("postgres")).await;
}

#[tokio::test]
async fn a_scratch_server_outlives_the_thread_that_started_it() {
    let installation = installations().remove(0);
    let server = std::thread::spawn(move || start(&installation)).join().unwrap();
    let client = connect(&server.connect_config("postgres")).await;
    // A death signal would be a shutdown request, which is honoured before new connections are taken.
    client.batch_execute("SELECT 1").await.unwrap();
    connect(&server.connect_config("postgres")).await;
    assert!(lives(pid_in(server.socket_dir())));
}

#[test]
fn what_a_killed_process_leaves_is_swept() {
    for installation in installations() {
        let holder = Holder::of_scratch(&installation);
        let folder = Path::new(&holder.socket_dir).to_owned();
        let pid = pid_in(&folder);
        holder.kill();
        if cfg!(target_os = "linux") {
            eventually("the server ends with its process", || !lives(pid));
        }
        let _next = start(&installation);
        assert!(!folder.exists() && !lives(pid));
    }
}
