//! Approvals and saved plans that must be signed: who may, and what is refused by which name.

use std::path::PathBuf;

use djogi_cluster::approvals::PrivateKey;
use e2e::{Output, Project, Server, on_each_server};

const BEFORE: &str =
    "CREATE TABLE part (id integer PRIMARY KEY); CREATE TABLE kept (id integer PRIMARY KEY);";
const AFTER: &str = "CREATE TABLE kept (id integer PRIMARY KEY);";
const PART: &str = "table.main.public.part";
const APPLY: &[&str] = &["apply", "--auto-approve", "--as", "bob@ops"];

/// Keys that OpenSSL has made for these tests alone.
const ANA: &str = "MC4CAQAwBQYDK2VwBCIEICLS4Lhaxu+jGBUxqaunw36Zs+xQZopjIaMMEEhF9doP";
const BOB: &str = "MC4CAQAwBQYDK2VwBCIEIAjV8RrnqSqaFZuaZonJiha34AMwQMY5nRhDvEulj5Wi";

fn key(project: &Project, name: &str, base64: &str) -> PrivateKey {
    project.write(name, &format!("-----BEGIN PRIVATE KEY-----\n{base64}\n-----END PRIVATE KEY-----\n"));
    PrivateKey::read(&project.root().join(name)).unwrap()
}

/// Where ana is the only signer, under further `rules`.
fn project(server: &'static Server, rules: &str) -> Project {
    let mut project = Project::declaring(server, BEFORE);
    project.apply();
    project.declare(AFTER);
    let public = key(&project, "ana.pem", ANA).public();
    key(&project, "bob.pem", BOB);
    project.configure_more(&format!(
        "[approvals]\nsigners = [{{ name = \"ana@ops\", key = \"{public}\" }}]\n{rules}"
    ));
    project
}

fn approve(project: &Project, more: &[&str]) -> Output {
    project.run(&[&["approve", PART, "--reason", "unused"], more].concat())
}

fn rules(project: &Project, from: &str, to: &str) {
    let config = project.read("djogi.toml");
    assert!(config.contains(from), "{config}");
    project.write("djogi.toml", &config.replace(from, to));
}

fn file(project: &Project) -> PathBuf {
    let mut files = std::fs::read_dir(project.root().join(".djogi/approvals")).unwrap();
    files.next().unwrap().unwrap().path()
}

fn is_there(project: &Project) -> bool {
    project.database().value("SELECT to_regclass('part') IS NOT NULL") == "t"
}

#[test]
fn a_signed_approval_counts_and_is_given_in_the_name_of_its_key() {
    on_each_server(|server| {
        let project = project(server, "required = true\nseparate = true");
        let files = project.files();
        approve(&project, &[]).expect(7).says(&["approval_unsigned", "--key FILE"]);
        approve(&project, &["--key", "bob.pem"]).expect(7).says(&["approval_unknown_signer"]);
        approve(&project, &["--key", "ana.pem", "--as", "bob@ops"])
            .expect(7)
            .says(&["approval_wrong_person"]);
        approve(&project, &["--key", "none.pem"]).expect(1).says(&["cannot read the key"]);
        approve(&project, &["--key", "djogi.toml"]).expect(1).says(&["no Ed25519 key in PKCS #8"]);
        assert_eq!(project.files(), files);

        approve(&project, &["--key", "ana.pem"]).ok().says(&["ana@ops, signed"]);
        project.run(&["approvals"]).ok().says(&["present", "by ana@ops"]);
        project.run(APPLY).ok();
        assert!(!is_there(&project));
        let by = "SELECT actor FROM djogi.approval_use";
        assert_eq!(project.database().value(by), "ana@ops");
    });
}

#[test]
fn each_approval_that_does_not_count_is_refused_by_its_name() {
    on_each_server(|server| {
        let project = project(server, "");
        let refused = |flags: &[&str], code: &str| {
            project.run(flags).expect(7).says(&[code]);
            assert!(is_there(&project));
            let listed = project.run(&["approvals", "--json", "--as", flags[3]]).ok().json();
            assert_eq!(listed["approvals"][0]["status"], "rejected", "{listed:#}");
            assert_eq!(listed["approvals"][0]["code"], code);
        };
        // Given before it had to be signed.
        approve(&project, &[]).ok();
        rules(&project, "[approvals]\n", "[approvals]\nrequired = true\n");
        refused(APPLY, "approval_unsigned");
        std::fs::remove_file(file(&project)).unwrap();

        approve(&project, &["--key", "ana.pem"]).ok();
        rules(&project, "[approvals]\n", "[approvals]\nseparate = true\n");
        refused(&["apply", "--auto-approve", "--as", "ana@ops"], "approval_not_separate");

        // Somebody else has her name now, and then she is no signer any more.
        let ana = key(&project, "ana.pem", ANA).public().to_string();
        let bob = key(&project, "bob.pem", BOB).public().to_string();
        rules(&project, &ana, &bob);
        refused(APPLY, "approval_bad_signature");
        rules(&project, "ana@ops", "bob@ops");
        refused(APPLY, "approval_unknown_signer");

        rules(&project, &bob, &ana);
        rules(&project, "bob@ops", "ana@ops");
        project.run(APPLY).ok();
        assert!(!is_there(&project));
    });
}

#[test]
fn an_approval_that_was_edited_is_damaged_and_one_in_another_name_is_the_wrong_persons() {
    on_each_server(|server| {
        let project = project(server, "required = true");
        approve(&project, &["--key", "ana.pem"]).ok();
        let path = file(&project);
        let content = std::fs::read_to_string(&path).unwrap();
        std::fs::write(&path, content.replace("unused", "useless")).unwrap();
        project.run(&["approvals"]).ok().says(&["damaged"]);
        project.run(APPLY).expect(3);
        // Sealed anew by somebody who can write files and has no key.
        let store = djogi_cluster::state::LocalStore::new(project.root().join(".djogi"));
        std::fs::write(&path, &content).unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let forge = |change: fn(&mut djogi_cluster::state::Approval)| {
            use djogi_cluster::state::Store as _;
            std::fs::write(&path, &content).unwrap();
            runtime.block_on(async {
                let mut approval = store.approvals().await.unwrap().remove(0).approval.unwrap();
                change(&mut approval);
                store.put_approval(&approval).await.unwrap();
            });
        };
        forge(|approval| approval.reason = "useless".to_owned());
        project.run(APPLY).expect(7).says(&["approval_bad_signature"]);
        forge(|approval| approval.approver = djogi_cluster::identity::Actor::new("carl@ops").unwrap());
        project.run(APPLY).expect(7).says(&["approval_bad_signature"]);
        assert!(is_there(&project));
    });
}

#[test]
fn a_saved_plan_must_be_signed_by_a_signer_where_signatures_are_required() {
    on_each_server(|server| {
        let project = project(server, "required = true");
        approve(&project, &["--key", "ana.pem"]).ok();
        project.run(&["plan", "--key", "ana.pem"]).expect(1).says(&["--out"]);
        project.run(&["plan", "--out", "unsigned"]).ok();
        project.run(&["apply", "unsigned"]).expect(7).says(&["plan_unsigned"]);
        project
            .run(&["plan", "--out", "other", "--key", "bob.pem"])
            .expect(7)
            .says(&["approval_unknown_signer"]);
        project.run(&["plan", "--out", "signed", "--key", "ana.pem"]).ok();
        let signed = project.read("signed");
        project.write("renamed", &signed.replace("\"key\": \"ana@ops\"", "\"key\": \"bob@ops\""));
        project.run(&["apply", "renamed"]).expect(7).says(&["plan_unknown_signer"]);
        let other = project.run(&["plan", "--json", "--unmanaged"]).ok().json()["digest"].to_string();
        assert!(signed.contains(&other), "the same plan");
        // A signature of another plan does not fit.
        project.declare(&format!("{AFTER} CREATE TABLE fresh (id integer PRIMARY KEY);"));
        project.run(&["plan", "--out", "later", "--key", "ana.pem"]).ok();
        let parts = |text: &str| -> (serde_json::Value, serde_json::Value) {
            let plan: serde_json::Value = serde_json::from_str(text).unwrap();
            (plan["signature"].clone(), plan)
        };
        let (signature, _) = parts(&signed);
        let (_, mut later) = parts(&project.read("later"));
        later["signature"] = signature;
        project.write("mixed", &later.to_string());
        project.run(&["apply", "mixed"]).expect(7).says(&["plan_bad_signature"]);
        assert!(is_there(&project));
        let serial = project.serial().to_string();
        project.run(&["apply", "later"]).ok();
        assert!(!is_there(&project));
        // The way back is a plan like all others.
        let back = ["revert", "--to", &serial, "--out", "back"];
        project.run(&back).ok();
        project.run(&["apply", "back"]).expect(7).says(&["plan_unsigned"]);
        project
            .run(&[&back[..], &["--key", "bob.pem"]].concat())
            .expect(7)
            .says(&["approval_unknown_signer"]);
        project.run(&[&back[..], &["--key", "ana.pem"]].concat()).ok();
        project.run(&["apply", "back"]).never_says(&["plan_unsigned", "signature"]);
        assert!(is_there(&project));
    });
}

#[test]
fn rules_that_nobody_could_follow_are_mistakes_of_the_configuration() {
    on_each_server(|server| {
        let mut project = Project::declaring(server, BEFORE);
        project.configure_more("[approvals]\nrequired = true");
        project.run(&["plan"]).expect(1).says(&["nobody is among the `signers`"]);
        project.configure(
            "[models]\ncatalog = \"catalog.json\"\n[approvals]\nsigners = [{ name = \"ana\", key = \"x\" }]",
        );
        project.run(&["plan"]).expect(1).says(&["no Ed25519 public key", "openssl pkey"]);
        project
            .configure("[models]\ncatalog = \"catalog.json\"\n[approvals]\nsigners = [{ name = \"ana\" }]");
        project.run(&["plan"]).expect(1).says(&["approvals.signers.key"]);
        project.configure("[models]\ncatalog = \"catalog.json\"\n[approvals]\nrequire = true");
        project.run(&["plan"]).expect(1).says(&["unknown key `require`", "did you mean `required`"]);
    });
}
