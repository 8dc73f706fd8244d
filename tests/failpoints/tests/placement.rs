//! Every failpoint is placed once, where the registry says, and no effect goes without one.
//!
//! The sources are read as Rust, so a comment or a string is never taken for code.

mod functions;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use djogi_cluster::failpoint::FAILPOINTS;

use functions::{Function, functions};

/// What is read, from the root of the repository.
const SOURCES: [&str; 2] = ["djogi-cluster/src", "djogi-cli/src"];

/// Folders and files whose effects need not be remembered, with the reason.
const WITHOUT_RECORD: [(&str, &str); 7] = [
    ("djogi-cluster/src/normalise/", "a scratch database is made for one question and dropped"),
    ("djogi-cluster/src/sql_files/", "a scratch database is made for one question and dropped"),
    ("djogi-cluster/src/server/", "creates the embedded server, before there is anything to record"),
    ("djogi-cluster/src/introspect/", "observes in a read-only transaction"),
    ("djogi-cluster/src/apply/precheck.rs", "asks for rows in a read-only transaction"),
    ("djogi-cluster/src/sweep/uniqueness.rs", "asks for rows in a read-only transaction"),
    ("djogi-cluster/src/state/text.rs", "writes into memory"),
];

/// Calls by which a file changes, in the folder of the state store.
const FILE_EFFECTS: [&str; 9] = [
    "create_dir",
    "write_all",
    "persist",
    "remove_file",
    "remove_dir",
    "rename",
    "fallocate",
    "tempfile_in",
    "hard_link",
];

/// Calls that run a statement whose rows nobody asks for.
const SQL_EFFECTS: [&str; 4] = ["batch_execute", "execute_typed", "execute_raw", "simple_query"];

#[test]
fn every_failpoint_is_placed_once_where_the_registry_says() {
    let mut placed: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for function in all_functions() {
        for point in &function.failpoints {
            placed.entry(point.clone()).or_default().push(function.file.clone());
        }
    }
    let mut wrong = Vec::new();
    let names: BTreeSet<&str> = FAILPOINTS.iter().map(|point| point.name).collect();
    assert_eq!(names.len(), FAILPOINTS.len(), "a name stands twice in the registry");
    for point in FAILPOINTS {
        match placed.get(point.name).map(Vec::as_slice) {
            Some([file]) if file == point.file => {}
            Some([file]) => wrong.push(format!("{} is in {file}, not in {}", point.name, point.file)),
            Some(files) => wrong.push(format!("{} is placed more than once: {files:?}", point.name)),
            None => wrong.push(format!("{} is placed nowhere", point.name)),
        }
    }
    let unknown = placed.iter().filter(|(name, _)| !names.contains(name.as_str()));
    wrong.extend(unknown.map(|(name, files)| format!("{name} in {files:?} is not registered")));
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn no_effect_goes_without_a_failpoint() {
    let functions = all_functions();
    let bare = effects_without_failpoint(&functions);
    assert!(
        bare.is_empty(),
        "these have an effect and neither they nor all their callers a failpoint; place one and register it in \
         djogi-cluster/src/failpoint.rs:\n{}",
        bare.join("\n")
    );
}

#[test]
fn an_effect_without_a_failpoint_is_found() {
    let found =
        |source: &str, file: &str| effects_without_failpoint(&functions(file, source).expect("Rust")).len();
    let state = "djogi-cluster/src/state/other.rs";
    let sql = "djogi-cluster/src/ledger/other.rs";
    assert_eq!(found("fn f() { fs::remove_file(path)?; }", state), 1);
    assert_eq!(found("fn f() { crate::failpoint!(\"a.b\"); fs::remove_file(path)?; }", state), 0);
    assert_eq!(found("fn f() { client.batch_execute(&ddl).await?; }", sql), 1);
    assert_eq!(found("fn f() { client.batch_execute(\"ROLLBACK\").await?; }", sql), 0);
    assert_eq!(
        found("const ADD: &str = \"\nINSERT INTO djogi.op\"; fn f() { c.query_typed(ADD, &[]); }", sql),
        1
    );
    assert_eq!(found("const GET: &str = \"SELECT updated\"; fn f() { c.query_typed(GET, &[]); }", sql), 0);
    // A caller may have the point, and then all of them must.
    let helper =
        "fn f() { client.batch_execute(&ddl).await?; } fn g() { crate::failpoint!(\"a.b\"); f().await?; }";
    assert_eq!(found(helper, sql), 0);
    assert_eq!(found(&format!("{helper} fn h() {{ f().await?; }}"), sql), 1);
    assert_eq!(found("fn f() { tokio::select! { x = client.batch_execute(&ddl) => x } }", sql), 1);
}

fn all_functions() -> Vec<Function> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut found = Vec::new();
    for folder in SOURCES {
        for file in rust_files(&root.join(folder)) {
            let name = file.strip_prefix(&root).unwrap().to_str().unwrap().to_owned();
            let source = std::fs::read_to_string(&file).unwrap();
            found.extend(functions(&name, &source).unwrap_or_else(|error| panic!("{name}: {error}")));
        }
    }
    assert!(found.len() > 500, "the sources were not found");
    found
}

fn rust_files(folder: &Path) -> Vec<std::path::PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let (folders, files): (Vec<_>, Vec<_>) = entries.partition(|path| path.is_dir());
    let nested = folders.iter().flat_map(|folder| rust_files(folder));
    files
        .into_iter()
        .filter(|file| file.extension().is_some_and(|e| e == "rs"))
        .filter(|file| !file.ends_with("tests.rs"))
        .chain(nested)
        .collect()
}

/// Functions with an effect of their own or of one they call, up to the callers that have a failpoint.
fn effects_without_failpoint(functions: &[Function]) -> Vec<String> {
    let writing: BTreeSet<&str> = functions.iter().flat_map(|f| f.writing_constants()).collect();
    let has_effect = |function: &&Function| {
        let in_state = function.file.starts_with("djogi-cluster/src/state/");
        in_state && function.calls.iter().any(|call| FILE_EFFECTS.contains(&call.as_str()))
            || function.runs(&SQL_EFFECTS)
            || function.words.iter().any(|word| writing.contains(word.as_str()))
    };
    let exempt = |f: &Function| WITHOUT_RECORD.iter().any(|(folder, _)| f.file.starts_with(folder));
    let mut open: Vec<&Function> = functions.iter().filter(|f| !exempt(f)).filter(has_effect).collect();
    let mut seen: BTreeSet<(&str, &str)> = BTreeSet::new();
    let mut bare = Vec::new();
    while let Some(function) = open.pop() {
        if !function.failpoints.is_empty() || !seen.insert((&function.file, &function.name)) {
            continue;
        }
        let calls_it =
            |other: &&Function| other.name != function.name && other.calls.contains(&function.name);
        let callers: Vec<&Function> = functions.iter().filter(calls_it).collect();
        if callers.is_empty() {
            bare.push(format!("{}: {}", function.file, function.name));
        }
        open.extend(callers);
    }
    bare
}
