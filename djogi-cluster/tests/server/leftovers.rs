//! What killed processes leave, and odd places.

use std::fs;
use std::os::unix::fs::MetadataExt;

use djogi_cluster::server::{EmbeddedServer, ServerEvent};

use super::child::Holder;
use super::project::{
    Project, closed_tempdir, connect, eventually, installations, is_root, kill, lives, open_tempdir, options,
    quiet,
};

#[tokio::test]
async fn a_killed_postmaster_is_replaced_and_its_data_recovered() {
    for installation in installations() {
        let project = Project::new(&installation);
        let server = project.acquire().await;
        let client = connect(&server.connect_config("shop")).await;
        client.batch_execute("CREATE TABLE goods (id int); INSERT INTO goods VALUES (7)").await.unwrap();
        kill(project.pid().unwrap());
        let next = project.acquire().await;
        let client = connect(&next.connect_config("shop")).await;
        let id: i32 = client.query_one("SELECT id FROM goods", &[]).await.unwrap().get(0);
        assert_eq!(id, 7);
        server.release().unwrap();
        next.release().unwrap();
        assert_eq!(project.pid(), None);
    }
}

#[tokio::test]
async fn the_server_of_a_killed_command_is_used_and_stopped_by_the_next() {
    let installation = &installations()[0];
    let project = Project::new(installation);
    let holder = Holder::of_embedded(project.cluster_dir(), installation);
    let pid = project.pid().unwrap();
    let socket_dir = holder.socket_dir.clone();
    holder.kill();
    assert!(lives(pid));
    let next = project.acquire().await;
    assert_eq!((project.pid(), next.socket_dir().to_str()), (Some(pid), Some(socket_dir.as_str())));
    next.release().unwrap();
    assert!(!lives(pid));
}

#[tokio::test]
async fn leftover_files_whose_process_id_lives_again_do_not_matter() {
    for installation in installations() {
        let project = Project::new(&installation);
        let server = project.acquire().await;
        let socket = server.socket_dir().join(".s.PGSQL.5432");
        let pid_file = project.data().join("postmaster.pid");
        let pid = project.pid().unwrap();
        kill(pid);
        eventually("the postmaster is dead", || !lives(pid));
        // This process is alive, and no postmaster.
        for file in [pid_file, socket.with_extension("5432.lock")] {
            let text = fs::read_to_string(&file).unwrap();
            fs::write(&file, text.replacen(&pid.to_string(), &std::process::id().to_string(), 1)).unwrap();
        }
        server.release().unwrap();
        project.acquire().await.release().unwrap();
    }
}

#[tokio::test]
async fn a_half_finished_initdb_is_swept() {
    let project = Project::new(&installations()[0]);
    let unfinished = project.cluster_dir().join("data.new-0123");
    fs::create_dir_all(unfinished.join("base")).unwrap();
    fs::write(unfinished.join("PG_VERSION"), "15\n").unwrap();
    project.acquire().await.release().unwrap();
    assert!(!unfinished.exists());
    assert!(project.data().join("PG_VERSION").exists());
}

#[tokio::test]
async fn a_project_may_lie_deeper_than_a_socket_path_can_be_long() {
    let outer = open_tempdir();
    let deep = outer.path().join("a-folder-with-a-long-name/".repeat(12)).join(".djogi/postgres");
    assert!(deep.as_os_str().len() > 300);
    let options = options(&deep, &installations()[0]);
    let server = EmbeddedServer::acquire(&options, &quiet).await.unwrap();
    assert_eq!(server.cluster_dir(), deep);
    connect(&server.connect_config("shop")).await;
}

#[tokio::test]
async fn roots_project_in_a_closed_folder_keeps_its_data_elsewhere_and_says_so() {
    if !is_root() {
        return;
    }
    let closed = closed_tempdir();
    let wanted = closed.path().join(".djogi/postgres");
    let options = options(&wanted, &installations()[0]);
    let events = std::sync::Mutex::new(Vec::new());
    let observer = |event: ServerEvent| events.lock().unwrap().push(event);
    let server = EmbeddedServer::acquire(&options, &observer).await.unwrap();
    let used = server.cluster_dir().to_owned();
    assert!(used.starts_with("/var/lib/djogi/clusters"));
    connect(&server.connect_config("shop")).await;
    server.release().unwrap();
    let told = events.lock().unwrap().iter().any(|event| {
        matches!(event, ServerEvent::DataElsewhere { used: told, blocked_by, .. }
            if *told == used && blocked_by == closed.path())
    });
    assert!(told, "{events:?}");
    assert_eq!(EmbeddedServer::status(&wanted).unwrap().cluster_dir, used);
    fs::remove_dir_all(used).unwrap();
}

#[tokio::test]
async fn root_keeps_to_the_owner_of_existing_data() {
    if !is_root() {
        return;
    }
    let installation = &installations()[0];
    let outer = open_tempdir();
    let dir = outer.path().join("postgres");
    let options = options(&dir, installation);
    EmbeddedServer::acquire(&options, &quiet).await.unwrap().release().unwrap();
    let data = dir.join("data");
    // As if user `nobody` had started this project.
    let nobody = 65534;
    let status =
        std::process::Command::new("chown").arg("-R").arg(format!("{nobody}:{nobody}")).arg(&data).status();
    assert!(status.unwrap().success());
    let server = EmbeddedServer::acquire(&options, &quiet).await.unwrap();
    let client = connect(&server.connect_config("shop")).await;
    client.batch_execute("CREATE TABLE goods ()").await.unwrap();
    assert_eq!(fs::metadata(data.join("postmaster.pid")).unwrap().uid(), nobody);
}

#[test]
fn a_server_does_not_hold_a_pipe_that_its_starter_inherited() {
    let installation = &installations()[0];
    let project = Project::new(installation);
    let holder = Holder::with_its_output_inherited(project.cluster_dir(), installation);
    let pid = project.pid().unwrap();
    let output = holder.kill();
    // The end of the pipe is seen when nobody has it open any more.
    let reader = std::thread::spawn(move || output.map_while(Result::ok).count());
    eventually("the pipe ends with the command", || reader.is_finished());
    assert!(lives(pid));
}
