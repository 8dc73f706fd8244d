//! The embedded server in daily use: starting, sharing, keeping, stopping.

use std::collections::BTreeSet;
use std::net::{TcpListener, TcpStream};
use std::time::Instant;

use djogi_cluster::server::{Down, EmbeddedServer, ServerError, ServerEvent};

use super::project::{Project, connect, installations, lives, quiet};

#[tokio::test]
async fn data_outlives_the_server() {
    for installation in installations() {
        let project = Project::new(&installation);
        let begun = Instant::now();
        let server = project.acquire().await;
        println!("{}: cold start {:?}", installation.display(), begun.elapsed());
        let client = connect(&server.connect_config("shop")).await;
        client.batch_execute("CREATE TABLE goods (id int); INSERT INTO goods VALUES (7)").await.unwrap();
        let version: String = client.query_one("SHOW server_version_num", &[]).await.unwrap().get(0);
        assert_eq!(version.parse::<u32>().unwrap() / 10_000, server.major());
        let fsync: String = client.query_one("SHOW fsync", &[]).await.unwrap().get(0);
        assert_eq!(fsync, "on", "the development data is durable");
        drop(client);
        server.release().unwrap();
        assert_eq!(project.pid(), None);

        let begun = Instant::now();
        let server = project.acquire().await;
        println!("{}: warm start {:?}", installation.display(), begun.elapsed());
        let client = connect(&server.connect_config("shop")).await;
        let id: i32 = client.query_one("SELECT id FROM goods", &[]).await.unwrap().get(0);
        assert_eq!(id, 7);
        drop(client);
        let begun = Instant::now();
        server.release().unwrap();
        println!("{}: stop {:?}", installation.display(), begun.elapsed());
    }
}

#[tokio::test]
async fn the_last_of_two_commands_stops_the_server() {
    let project = Project::new(&installations()[0]);
    let first = project.acquire().await;
    let pid = project.pid();
    let second = project.acquire().await;
    assert_eq!((project.pid(), second.socket_dir()), (pid, first.socket_dir()));
    first.release().unwrap();
    assert_eq!(project.pid(), pid);
    connect(&second.connect_config("shop")).await;
    second.release().unwrap();
    assert!(!lives(pid.unwrap()));
}

#[test]
fn commands_that_start_at_once_share_one_server() {
    for installation in installations() {
        let project = Project::new(&installation);
        let use_it = || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                let server = project.acquire().await;
                let pid = project.pid();
                connect(&server.connect_config("shop")).await;
                (pid, server)
            })
        };
        let used: Vec<_> = std::thread::scope(|scope| {
            let users: Vec<_> = (0..6).map(|_| scope.spawn(use_it)).collect();
            users.into_iter().map(|user| user.join().unwrap()).collect()
        });
        let pids: BTreeSet<_> = used.iter().map(|(pid, _)| pid.unwrap()).collect();
        assert_eq!(pids.len(), 1);
        std::thread::scope(|scope| {
            for (_, server) in used {
                scope.spawn(|| server.release().unwrap());
            }
        });
        assert_eq!(project.pid(), None);
    }
}

#[test]
fn commands_that_come_and_go_at_any_moment_all_find_a_server() {
    let project = Project::new(&installations()[0]);
    let come_and_go = || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        for _ in 0..20 {
            runtime.block_on(async {
                let server = project.acquire().await;
                connect(&server.connect_config("shop")).await;
                server.release().unwrap();
            });
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(come_and_go);
        }
    });
    assert_eq!(project.pid(), None);
}

#[tokio::test]
async fn a_kept_server_stays_until_it_is_taken_down() {
    let project = Project::new(&installations()[0]);
    let dir = project.cluster_dir();
    let status = EmbeddedServer::status(dir).unwrap();
    assert_eq!((status.pid, status.major, status.kept), (None, None, false));
    assert!(!dir.exists(), "looking makes nothing");

    EmbeddedServer::up(&project.options, &quiet).await.unwrap().release().unwrap();
    project.acquire().await.release().unwrap();
    let status = EmbeddedServer::status(dir).unwrap();
    assert!(status.pid.is_some() && status.kept);
    let url = status.url("shop").unwrap();
    connect(&url.parse().unwrap()).await;

    assert_eq!(EmbeddedServer::down(dir, &quiet).unwrap(), Down::Stopped);
    assert_eq!(EmbeddedServer::down(dir, &quiet).unwrap(), Down::NotRunning);
    assert_eq!(project.pid(), None);
}

#[tokio::test]
async fn taking_down_leaves_the_server_to_the_commands_that_use_it() {
    let project = Project::new(&installations()[0]);
    EmbeddedServer::up(&project.options, &quiet).await.unwrap().release().unwrap();
    let user = project.acquire().await;
    assert_eq!(EmbeddedServer::down(project.cluster_dir(), &quiet).unwrap(), Down::LeftToUsers);
    connect(&user.connect_config("shop")).await;
    user.release().unwrap();
    assert_eq!(project.pid(), None);
}

#[tokio::test]
async fn reset_deletes_the_data_but_not_under_a_user() {
    let project = Project::new(&installations()[0]);
    let user = project.acquire().await;
    connect(&user.connect_config("shop")).await.batch_execute("CREATE TABLE goods ()").await.unwrap();
    let refused = EmbeddedServer::reset(project.cluster_dir(), &quiet);
    assert!(matches!(refused, Err(ServerError::InUse { .. })));
    user.release().unwrap();
    EmbeddedServer::reset(project.cluster_dir(), &quiet).unwrap();
    assert!(!project.data().exists());
    let server = project.acquire().await;
    let client = connect(&server.connect_config("shop")).await;
    let rows = client.query("SELECT FROM pg_class WHERE relname = 'goods'", &[]).await.unwrap();
    assert!(rows.is_empty());
}

#[tokio::test]
async fn there_is_no_tcp_unless_asked_for() {
    let mut project = Project::new(&installations()[0]);
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let without = project.acquire().await;
    let client = connect(&without.connect_config("shop")).await;
    let listening: String = client.query_one("SHOW listen_addresses", &[]).await.unwrap().get(0);
    assert_eq!(listening, "");
    project.options.tcp_port = Some(port);
    assert!(matches!(project.refusal().await, ServerError::RunsWithoutTcp { .. }));
    connect(&without.connect_config("shop")).await;
    drop(client);
    without.release().unwrap();
    let with = project.acquire().await;
    TcpStream::connect(("127.0.0.1", port)).unwrap();
    with.release().unwrap();
}

#[tokio::test]
async fn the_server_is_in_a_process_group_of_its_own() {
    let project = Project::new(&installations()[0]);
    let _server = project.acquire().await;
    let pid = rustix::process::Pid::from_raw(project.pid().unwrap()).unwrap();
    assert_eq!(rustix::process::getpgid(Some(pid)).unwrap(), pid);
}

#[tokio::test]
async fn a_first_start_is_announced_and_a_second_is_not() {
    let project = Project::new(&installations()[0]);
    for expected in [1, 0] {
        let announced = std::sync::Mutex::new(Vec::new());
        let observer = |event: ServerEvent| announced.lock().unwrap().push(event);
        EmbeddedServer::acquire(&project.options, &observer).await.unwrap().release().unwrap();
        let announced = announced.into_inner().unwrap();
        let initialising = announced.iter().filter(|event| matches!(event, ServerEvent::Initializing { .. }));
        assert_eq!(initialising.count(), expected, "{announced:?}");
    }
}

#[tokio::test]
async fn any_database_name_is_made() {
    let mut project = Project::new(&installations()[0]);
    project.options.database = "Läden \"2\" & more".to_owned();
    let server = project.acquire().await;
    let client = connect(&server.url(&project.options.database).parse().unwrap()).await;
    let name: String = client.query_one("SELECT current_database()::text", &[]).await.unwrap().get(0);
    assert_eq!(name, project.options.database);
}
