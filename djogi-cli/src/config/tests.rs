//! The configuration as a user meets it: every sort of bad input with its complete diagnostic, environments,
//! and what the digest sees.

use djogi_core::migration::Rule;

use super::parse::parse;
use super::problem::SourceFile;
use super::*;
use crate::terminal::Paint;

const FULL: &str = r#"
[cluster]
name = "shop"

[target.main]
url = "env:DATABASE_URL"
schemas = ["public", "app"]
lock_timeout = "500ms"
lock_budget = "5m"
destructive = "allow"
postgres_version = 17

[target.reports]

[models]
package = "shop"

[sql]
files = ["schema/**/*.sql"]

[[moved]]
from = "table.main.public.user"
to   = "table.main.public.users"

[live]
retention = "2h"
users_email_fill.backfill = "''"

[state]
backend = "local"

[env.production]
target.main.url = "file:secrets/url"
target.main.destructive = "deny"
models.catalog = "catalog.json"
state.backend = "postgres"
"#;

fn read(text: &str, environment: Option<&str>) -> Result<Config, crate::diagnostic::CliError> {
    parse(SourceFile { name: "djogi.toml", text }, environment)
}

fn refused(text: &str) -> String {
    read(text, None).expect_err("the file is wrong").render(Paint::plain())
}

/// What is said of the lines, put below a good beginning.
fn refused_in_target(lines: &str) -> String {
    refused(&format!("[cluster]\nname = \"shop\"\n[target.main]\n{lines}\n"))
}

#[test]
fn every_key_is_read() {
    let config = read(FULL, None).unwrap();
    assert_eq!(config.cluster, "shop");
    let main = Target {
        url: Some(UrlSource::Env("DATABASE_URL".into())),
        schemas: vec!["public".into(), "app".into()],
        roles: vec![],
        lock_timeout: Duration::from_millis(500),
        lock_budget: Duration::from_secs(300),
        destructive: Destructive::Allow,
        postgres_version: Some(17),
        scratch: Scratch::Embedded,
        sql_files: vec![],
        ignore: vec![],
        partitions: Partitions::Declared,
    };
    assert_eq!(config.targets, [("main".into(), main), ("reports".into(), Target::default())].into());
    assert_eq!(config.models, Some(ModelSource::Package("shop".into())));
    assert_eq!(config.sql_files, ["schema/**/*.sql"]);
    let moved =
        Moved { from: "table.main.public.user".into(), to: "table.main.public.users".into(), line: 21 };
    assert_eq!(config.moved, [moved]);
    assert_eq!(config.retention, Duration::from_secs(7200));
    let rule = Rule { backfill: Some("''".into()), ..Rule::default() };
    assert_eq!(config.live, [(Ident::new("users_email_fill").unwrap(), rule)].into());
    assert_eq!(config.state, StateConfig::default());
}

#[test]
fn an_environment_overrides_key_by_key() {
    let config = read(FULL, Some("production")).unwrap();
    let main = &config.targets["main"];
    assert_eq!(main.url, Some(UrlSource::File("secrets/url".into())));
    assert_eq!(main.destructive, Destructive::Deny);
    assert_eq!(main.lock_timeout, Duration::from_millis(500), "what is not overridden stays");
    assert_eq!(
        config.models,
        Some(ModelSource::Catalog("catalog.json".into())),
        "exclusive keys replace each other"
    );
    assert_eq!(config.state.backend, Backend::Postgres);
}

#[test]
fn a_name_alone_is_a_project_on_the_embedded_server() {
    let config = read("[cluster]\nname = \"shop\"\n", None).unwrap();
    assert_eq!(config.targets, [("main".into(), Target::default())].into());
    assert_eq!(config.targets["main"].url, None);
}

#[test]
fn an_unknown_environment_is_answered_with_the_known_ones() {
    let error = read(FULL, Some("prodution")).unwrap_err().render(Paint::plain());
    insta::assert_snapshot!(error, @r#"
    error[unknown_environment]: there is no environment `prodution`
     --> djogi.toml
      = help: known environments: production
    "#);
    let error = read("[cluster]\nname = \"a\"", Some("x")).unwrap_err().render(Paint::plain());
    insta::assert_snapshot!(error, @r#"
    error[unknown_environment]: there is no environment `x`
     --> djogi.toml
      = help: the file has no environments; add [env.x], or run without --env and DJOGI_ENV
    "#);
}

#[test]
fn an_unknown_target_is_answered_with_the_known_ones() {
    let config = read(FULL, None).unwrap();
    assert_eq!(config.select(None).unwrap().len(), 2);
    assert_eq!(config.select(Some("main")).unwrap()[0].0, "main");
    insta::assert_snapshot!(config.select(Some("mian")).unwrap_err().render(Paint::plain()), @r#"
    error[unknown_target]: there is no target `mian`
      = help: targets in djogi.toml: main, reports
    "#);
}

#[test]
fn an_unknown_key_is_shown_with_the_nearest_one_and_all_mistakes_at_once() {
    insta::assert_snapshot!(refused_in_target("lock_timout = \"2s\"\nxyz = 1\n[modles]\npackage = \"a\""), @r#"
    error[unknown_key]: unknown key `lock_timout` in [target.main]
     --> djogi.toml:4:1
      |
    4 | lock_timout = "**"
      | ^^^^^^^^^^^
      = help: did you mean `lock_timeout`?

    error[unknown_key]: unknown key `xyz` in [target.main]
     --> djogi.toml:5:1
      |
    5 | xyz = 1
      | ^^^
      = help: known keys: url, schemas, roles, lock_timeout, lock_budget, destructive, scratch, sql_files, ignore, partitions, postgres_version

    error[unknown_key]: unknown key `modles` at the top level
     --> djogi.toml:6:2
      |
    6 | [modles]
      |  ^^^^^^
      = help: did you mean `models`?
    "#);
}

#[test]
fn a_slip_in_an_environment_is_found_without_choosing_it() {
    insta::assert_snapshot!(
        refused_in_target("[env.production]\ntarget.main.destructiv = \"deny\"\nenv.x.y = 1\n[env.'../up']"),
        @r#"
    error[unknown_key]: unknown key `destructiv` in [target.main]
     --> djogi.toml:5:13
      |
    5 | target.main.destructiv = "****"
      |             ^^^^^^^^^^
      = help: did you mean `destructive`?

    error[invalid_value]: an environment cannot contain environments
     --> djogi.toml:6:1
      |
    6 | env.x.y = 1
      | ^^^

    error[invalid_value]: `../up` cannot name an environment
     --> djogi.toml:7:6
      |
    7 | [env.'../up']
      |      ^^^^^^^
      = help: use lower-case letters, digits, `_` and `-`, at most 63
    "#
    );
}

#[test]
fn a_value_of_the_wrong_type_or_range_is_shown_on_its_line() {
    insta::assert_snapshot!(
        refused_in_target(
            "url = 5\nschemas = [\"app\", \"app\", 3, \"pg_toast\", \"djogi\"]\nlock_timeout = \"2 parsecs\"\n\
             destructive = \"ask\"\npostgres_version = 14\n[live]\nretention = 24\n[state]\nbackend = \"ftp\""
        ),
        @r#"
    error[invalid_value]: `target.main.url` must be a string, not a whole number
     --> djogi.toml:4:7
      |
    4 | url = 5
      |       ^

    error[invalid_value]: `target.main.schemas`: `app` is listed twice
     --> djogi.toml:5:19
      |
    5 | schemas = ["***", "app", 3, "********", "*****"]
      |                   ^^^^^

    error[invalid_value]: `target.main.schemas` must be a list of strings, not a whole number
     --> djogi.toml:5:26
      |
    5 | schemas = ["***", "***", 3, "********", "*****"]
      |                          ^

    error[invalid_value]: `target.main.schemas`: `pg_toast` is a system schema
     --> djogi.toml:5:29
      |
    5 | schemas = ["***", "***", 3, "pg_toast", "*****"]
      |                             ^^^^^^^^^^

    error[invalid_value]: `target.main.schemas`: `djogi` is the schema of djogi's own ledger
     --> djogi.toml:5:41
      |
    5 | schemas = ["***", "***", 3, "********", "djogi"]
      |                                         ^^^^^^^

    error[invalid_value]: `target.main.lock_timeout` must be a duration: a whole number and a unit, ms, s, m, h or d, such as "2s"
     --> djogi.toml:6:16
      |
    6 | lock_timeout = "2 parsecs"
      |                ^^^^^^^^^^^

    error[invalid_value]: `target.main.destructive` must be one of "approve", "allow", "deny"
     --> djogi.toml:7:15
      |
    7 | destructive = "ask"
      |               ^^^^^

    error[invalid_value]: `target.main.postgres_version` must be a major version from 15 up
     --> djogi.toml:8:20
      |
    8 | postgres_version = 14
      |                    ^^

    error[invalid_value]: `live.retention` must be a string, not a whole number
      --> djogi.toml:10:13
       |
    10 | retention = 24
       |             ^^

    error[invalid_value]: `state.backend` must be one of "local", "postgres", "s3", "gcs", "azure"
      --> djogi.toml:12:11
       |
    12 | backend = "ftp"
       |           ^^^^^
    "#
    );
}

#[test]
fn the_schema_that_djogi_brings_is_no_target_s() {
    insta::assert_snapshot!(refused_in_target("schemas = [\"app\", \"heeranjid\"]"), @r#"
    error[invalid_value]: `target.main.schemas`: `heeranjid` is the schema that djogi brings for `HeerId` and `RanjId`
     --> djogi.toml:4:19
      |
    4 | schemas = ["***", "heeranjid"]
      |                   ^^^^^^^^^^^
    "#);
}

#[test]
fn a_timeout_of_zero_is_for_ever_and_therefore_refused() {
    insta::assert_snapshot!(refused_in_target("lock_timeout = \"0s\""), @r#"
    error[invalid_value]: `target.main.lock_timeout` must not be zero: a statement would wait for its lock for ever
     --> djogi.toml:4:16
      |
    4 | lock_timeout = "0s"
      |                ^^^^
    "#);
}

#[test]
fn shapes_other_than_tables_are_refused() {
    insta::assert_snapshot!(
        refused("cluster = \"shop\"\ntarget = [1]\nmodels = 1\nmoved = \"a\"\nenv = 3\nsql.files = \"a.sql\""),
        @r#"
    error[invalid_value]: `cluster` must be a table, not a string
     --> djogi.toml:1:11
      |
    1 | cluster = "shop"
      |           ^^^^^^

    error[invalid_value]: `target` must be a table, not a list
     --> djogi.toml:2:10
      |
    2 | target = [1]
      |          ^^^

    error[invalid_value]: `models` must be a table, not a whole number
     --> djogi.toml:3:10
      |
    3 | models = 1
      |          ^

    error[invalid_value]: `moved` must be a list of tables, [[moved]], not a string
     --> djogi.toml:4:9
      |
    4 | moved = "a"
      |         ^^^

    error[invalid_value]: `env` must be tables, [env.NAME]
     --> djogi.toml:5:1
      |
    5 | env = 3
      | ^^^

    error[invalid_value]: `sql.files` must be a list of strings, not a string
     --> djogi.toml:6:13
      |
    6 | sql.files = "a.sql"
      |             ^^^^^^^
    "#
    );
}

#[test]
fn missing_keys_are_named() {
    insta::assert_snapshot!(refused("[[moved]]\nfrom = \"a\"\n[[moved]]\nfrom = \"b\"\nto = \"b\""), @r#"
    error[missing_key]: the key `cluster` is missing
     --> djogi.toml

    error[missing_key]: the key `moved.to` is missing
     --> djogi.toml:1:1
      |
    1 | [[moved]]
      | ^^^^^^^^^

    error[invalid_value]: `moved.from` and `moved.to` are the same
     --> djogi.toml:5:6
      |
    5 | to = "b"
      |      ^^^
    "#);
    insta::assert_snapshot!(refused("[cluster]\n"), @r#"
    error[missing_key]: the key `cluster.name` is missing
     --> djogi.toml:1:1
      |
    1 | [cluster]
      | ^^^^^^^^^
    "#);
}

#[test]
fn a_package_and_a_catalog_exclude_each_other() {
    insta::assert_snapshot!(refused_in_target("[models]\npackage = \"shop\"\ncatalog = \"catalog.json\""), @r#"
    error[invalid_value]: `models.package` and `models.catalog` exclude each other
     --> djogi.toml:6:11
      |
    6 | catalog = "catalog.json"
      |           ^^^^^^^^^^^^^^
    "#);
}

#[test]
fn a_target_name_is_a_part_of_addresses() {
    insta::assert_snapshot!(refused_in_target("[target.Main]\n[target.\"a b\"]"), @r#"
    error[invalid_value]: `Main` cannot name a target
     --> djogi.toml:4:9
      |
    4 | [target.Main]
      |         ^^^^
      = help: use lower-case letters, digits and `_`, at most 63: it is a part of every address

    error[invalid_value]: `a b` cannot name a target
     --> djogi.toml:5:9
      |
    5 | [target."a b"]
      |         ^^^^^
      = help: use lower-case letters, digits and `_`, at most 63: it is a part of every address
    "#);
}

#[test]
fn text_that_is_no_toml_is_shown_where_it_breaks() {
    insta::assert_snapshot!(refused("[cluster\nname = 1"), @r#"
    error[config_syntax]: unclosed table, expected `]`
     --> djogi.toml:1:9
      |
    1 | [cluster
      |         ^
    "#);
    insta::assert_snapshot!(refused("[cluster]\nname = \"a\"\nname = \"b\""), @r#"
    error[config_syntax]: duplicate key
     --> djogi.toml:3:1
      |
    3 | name = "*"
      | ^^^^
    "#);
}

#[test]
fn urls_are_references_or_connection_strings_and_never_repeated() {
    for (value, said) in [
        ("postgres://u:hunter2@${HOST}/d", "is not interpolated"),
        ("${DATABASE_URL}", "is not interpolated"),
        ("DATABASE_URL_hunter2", "must be \\\"env:NAME\\\""),
        ("env:", "must name an environment variable"),
        ("env:hunter2 x", "must name an environment variable"),
        ("file:", "must name a file"),
    ] {
        let error =
            read(&format!("[cluster]\nname = \"a\"\n[target.main]\nurl = \"{value}\""), None).unwrap_err();
        assert!(error.to_json().to_string().contains(said), "{value}: {}", error.to_json());
    }
}

#[test]
fn a_password_in_the_file_is_in_no_diagnostic() {
    for lines in [
        "ulr = \"postgres://u:hunter2@h/d\"",
        "pasword = \"hunter2\"",
        "url = \"postgres://u:hunter2@${H}/d\"",
        "url = [\"postgres://u:hunter2@h/d\"]",
        "url = postgres://u:hunter2@h/d",
        "url = \"postgres://u:hunter2@h/d",
        "url = hunter2",
        "pasword = hunter2 # x",
        "url = 'postgres://u:hunter2@h/d\nx = 1",
        "url = \"postgres://u:hunter2\\q@h/d\"",
        "url = \"\"\"\npostgres://u:hunter2@h/d",
        "url = \"host=h password=hunter2\"\nx = 1",
        "[target]\nx = {url = \"hunter2\", lock_timout = \"hunter2\"}",
    ] {
        let error = read(&format!("[cluster]\nname = \"a\"\n[target.main]\n{lines}\n"), None).unwrap_err();
        for shown in [error.render(Paint::plain()), error.to_json().to_string(), format!("{error:?}")] {
            assert!(!shown.contains("hunter2"), "{lines}\n{shown}");
        }
    }
}

#[test]
fn a_torn_file_is_answered_without_its_password() {
    let whole = FULL.replace("env:DATABASE_URL", "postgres://ü:hunter2@h/d");
    for (cut, _) in whole.char_indices() {
        for end in ["", "\"", "\\", "é = 'é", "\0"] {
            let torn = format!("{}{end}", &whole[..cut]);
            if let Err(error) = read(&torn, None) {
                let shown = error.render(Paint::plain());
                assert!(!shown.contains("hunt"), "{torn}\n{shown}");
            }
        }
    }
}

#[test]
fn the_digest_sees_meaning_and_no_secret() {
    let plain = read(FULL, None).unwrap().digest_input();
    let commented = FULL.replace("[models]", "# a comment\n[models] # another");
    assert_eq!(read(&commented, None).unwrap().digest_input(), plain);
    let spelled = FULL.replace("[target.reports]", "[target.reports]\nlock_timeout = \"2000ms\"");
    assert_eq!(read(&spelled, None).unwrap().digest_input(), plain);
    let patient = FULL.replace("\"5m\"", "\"6m\"");
    assert_eq!(read(&patient, None).unwrap().digest_input(), plain, "how long a run waits is no part of it");
    let other = FULL.replace("500ms", "501ms");
    assert_ne!(read(&other, None).unwrap().digest_input(), plain);
    let literal = FULL.replace("env:DATABASE_URL", "postgres://u:hunter2@h/d");
    assert!(!read(&literal, None).unwrap().digest_input().to_string().contains("hunter2"));
}

#[test]
fn the_json_schema_lists_every_key() {
    let schema: Value = serde_json::from_str(JSON_SCHEMA).unwrap();
    let keys = |value: &Value| {
        value["properties"].as_object().unwrap().keys().cloned().collect::<Vec<_>>().join(", ")
    };
    let sections = [
        ("", keys(&schema["properties"]["env"]["additionalProperties"])),
        ("cluster", keys(&schema["$defs"]["cluster"])),
        ("target.main", keys(&schema["$defs"]["target"])),
        ("models", keys(&schema["$defs"]["models"])),
        ("sql", keys(&schema["$defs"]["sql"])),
        ("live", keys(&schema["$defs"]["live"])),
        ("state", keys(&schema["$defs"]["state"])),
    ];
    for (section, in_schema) in sections {
        let text = match section {
            "" => "zzzzzzzzz = 1\n[cluster]\nname = \"a\"".to_owned(),
            "cluster" => "[cluster]\nname = \"a\"\nzzzzzzzzz = 1".to_owned(),
            _ => format!("[cluster]\nname = \"a\"\n[{section}]\nzzzzzzzzz = 1"),
        };
        let help = read(&text, None).unwrap_err().diagnostics[0].help.clone().unwrap();
        let sorted = |list: &str| {
            let mut list: Vec<String> =
                list.split(", ").filter(|key| *key != "env").map(str::to_owned).collect();
            list.sort();
            list
        };
        assert_eq!(sorted(help.trim_start_matches("known keys: ")), sorted(&in_schema), "[{section}]");
    }
}

#[test]
fn what_is_said_of_a_migration_is_an_expression() {
    insta::assert_snapshot!(
        refused_in_target(
            "[live.a_b_fill]\nbackfill = \" \"\nbackfil = \"1\"\n[live.a_c_fill]\nbackfill = 1\n[live]\nretain = \"1d\""
        ),
        @r#"
    error[invalid_value]: `live.a_b_fill.backfill` must be an expression, such as "''" or "lower(email)"
     --> djogi.toml:5:12
      |
    5 | backfill = " "
      |            ^^^

    error[unknown_key]: unknown key `backfil` in [live.a_b_fill]
     --> djogi.toml:6:1
      |
    6 | backfil = "*"
      | ^^^^^^^
      = help: did you mean `backfill`?

    error[invalid_value]: `live.a_c_fill.backfill` must be a string, not a whole number
     --> djogi.toml:8:12
      |
    8 | backfill = 1
      |            ^

    error[unknown_key]: unknown key `retain` in [live]
      --> djogi.toml:10:1
       |
    10 | retain = "**"
       | ^^^^^^
       = help: known keys: retention
    "#
    );
}
