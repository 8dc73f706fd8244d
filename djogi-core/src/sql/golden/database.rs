//! What belongs to the database and not to a schema, in the golden script.

use super::fixtures::*;
use super::script::Script;
use crate::kind::*;

fn text(text: &str) -> Option<String> {
    Some(text.to_owned())
}

pub(super) fn event_triggers(script: &mut Script) {
    script.title("event triggers");
    let trigger = |name: &str, tags: &[&str], firing, comment| EventTrigger {
        name: ident(name),
        event: "ddl_command_end".to_owned(),
        tags: tags.iter().map(|tag| (*tag).to_owned()).collect(),
        function: super::fixtures::name("app", "on_ddl"),
        firing,
        comment,
    };
    let tags = ["CREATE TABLE", "ALTER TABLE"];
    let first = trigger("audit", &tags, Firing::Disabled, text("who did it"));
    let renamed = trigger("Audit", &tags, Firing::Always, None);
    script.create(Resource::EventTrigger(first));
    let second = Resource::EventTrigger(trigger("audit", &tags, Firing::Always, None));
    script.alter(second.clone());
    script.rename(&second, Resource::EventTrigger(renamed.clone()));
    script.drop(&Resource::EventTrigger(renamed));
    let login = EventTrigger { event: "login".to_owned(), ..trigger("hello", &[], Firing::Origin, None) };
    script.create(Resource::EventTrigger(login));
}

pub(super) fn languages(script: &mut Script) {
    script.title("conversions, languages and transforms");
    let function = |name: &str| super::fixtures::name("app", name);
    let conversion = |name: &str, default, comment| {
        Resource::Conversion(Conversion {
            schema: ident("app"),
            name: ident(name),
            source: "LATIN1".to_owned(),
            destination: "UTF8".to_owned(),
            function: super::fixtures::name("pg_catalog", "iso8859_1_to_utf8"),
            default,
            comment,
        })
    };
    script.create(conversion("old", true, None));
    script.alter(conversion("old", true, text("of old clients")));
    script.rename(&conversion("old", true, None), conversion("Old", true, None));
    script.drop(&conversion("Old", true, None));

    let language = |name: &str, trusted, inline, comment| {
        let handler = function("handle");
        Resource::Language(Language { name: ident(name), trusted, handler, inline, validator: None, comment })
    };
    script.create(language("plself", true, Some(function("inline")), text("our own")));
    script.alter(language("plself", false, None, None));
    script.rename(&language("plself", false, None, None), language("PLself", false, None, None));
    let transform = |to: Option<&str>, comment| {
        Resource::Transform(Transform {
            data_type: "app.\"Mood\"".to_owned(),
            language: ident("PLself"),
            from_sql: text("app.from_mood(internal)"),
            to_sql: to.map(str::to_owned),
            comment,
        })
    };
    script.create(transform(None, text("as a number")));
    script.alter(transform(Some("app.to_mood(internal)"), None));
    script.drop(&transform(None, None));
    script.drop(&language("PLself", false, None, None));
}

pub(super) fn publications(script: &mut Script) {
    script.title("publications");
    let published = |table: &str, columns: &[&str], filter: Option<&str>| PublishedTable {
        table: super::fixtures::name("app", table),
        columns: idents(columns),
        filter: filter.map(Expression::new),
    };
    let publication = |name: &str, tables: Vec<PublishedTable>, schemas: &[&str]| Publication {
        name: ident(name),
        all_tables: false,
        tables,
        schemas: idents(schemas),
        insert: true,
        update: true,
        delete: true,
        truncate: true,
        via_partition_root: false,
        generated_columns: false,
        comment: None,
    };
    let narrow = || published("seen", &["a"], Some("(b IS NOT NULL)"));
    let wide = || published("seen", &[], None);
    let one = publication("changes", vec![narrow()], &[]);
    let more = publication("changes", vec![narrow(), published("sights", &[], None)], &["audit"]);
    let other = Publication {
        delete: false,
        truncate: false,
        via_partition_root: true,
        comment: text("for the warehouse"),
        ..publication("changes", vec![wide()], &["audit"])
    };
    script.create(Resource::Publication(one));
    script.alter(Resource::Publication(more));
    script.alter(Resource::Publication(other.clone()));
    script.replace_publication(&other, &publication("changes", vec![narrow()], &["audit"]));
    script.alter(Resource::Publication(publication("changes", vec![narrow()], &[])));
    let generated = Publication { generated_columns: true, ..publication("changes", vec![narrow()], &[]) };
    script.alter(Resource::Publication(generated));
    let last = Resource::Publication(publication("changes", vec![narrow()], &[]));
    let renamed = Resource::Publication(publication("Changes", vec![narrow()], &[]));
    script.rename(&last, renamed.clone());
    script.drop(&renamed);
    let all = Publication { all_tables: true, insert: false, ..publication("everything", Vec::new(), &[]) };
    script.create(Resource::Publication(all));
    script.create(Resource::Publication(publication("nothing", Vec::new(), &[])));
}

pub(super) fn subscriptions(script: &mut Script) {
    script.title("subscriptions");
    let subscription =
        |name: &str, connection: &str, publications: &[&str], slot: Option<&str>| Subscription {
            name: ident(name),
            connection: Some(secret_digest("connection", connection)),
            publications: idents(publications),
            slot: slot.map(str::to_owned),
            binary: false,
            streaming: Streaming::Off,
            synchronous_commit: "off".to_owned(),
            two_phase: false,
            disable_on_error: false,
            password_required: true,
            run_as_owner: false,
            origin: "any".to_owned(),
            failover: false,
            comment: None,
        };
    let first =
        Subscription { comment: text("of the shop"), ..subscription("shop", "a", &["p"], Some("shop")) };
    let second = Subscription {
        binary: true,
        disable_on_error: true,
        streaming: Streaming::On,
        synchronous_commit: "local".to_owned(),
        ..subscription("shop", "b", &["Q", "p"], Some("other"))
    };
    script.create(Resource::Subscription(first));
    script.alter(Resource::Subscription(second.clone()));
    let last = Subscription { slot: None, ..second };
    script.alter(Resource::Subscription(last.clone()));
    let renamed = Subscription { name: ident("Shop"), ..last.clone() };
    script.rename(&Resource::Subscription(last), Resource::Subscription(renamed.clone()));
    script.drop(&Resource::Subscription(renamed));
    script.drop(&Resource::Subscription(subscription("shop", "a", &["p"], Some("shop"))));
    let streams = Subscription { two_phase: true, ..subscription("streams", "a", &["p"], None) };
    script.create(Resource::Subscription(Subscription { streaming: Streaming::Parallel, ..streams }));
    let as_owner = Subscription {
        run_as_owner: true,
        password_required: false,
        origin: "none".to_owned(),
        ..subscription("as_owner", "a", &["p"], None)
    };
    script.create(Resource::Subscription(as_owner));
    let failing_over = Subscription { failover: true, ..subscription("over", "a", &["p"], Some("over")) };
    script.create(Resource::Subscription(failing_over));
    let unread = Subscription { connection: None, ..subscription("unread", "a", &["p"], None) };
    script.create(Resource::Subscription(unread));
}

fn options(texts: &[&str], secrecy: Secrecy) -> ForeignOptions {
    texts.iter().map(|text| ForeignOption::of_catalog(text, secrecy)).collect()
}

pub(super) fn foreign_data(script: &mut Script) {
    script.title("foreign data");
    let function = |name: &str| Some(super::fixtures::name("app", name));
    let wrapper = |name: &str, handler, validator, texts: &[&str]| {
        Resource::ForeignDataWrapper(ForeignDataWrapper {
            name: ident(name),
            handler,
            validator,
            options: options(texts, Secrecy::ByLook),
            comment: None,
        })
    };
    let second = wrapper("files", None, function("check_files"), &["mode=rw"]);
    let renamed = wrapper("Files", None, function("check_files"), &["mode=rw"]);
    script.create(wrapper("files", function("read_files"), None, &["mode=ro", "debug=true"]));
    script.alter(second.clone());
    script.rename(&second, renamed.clone());
    script.drop(&renamed);

    let server = |name: &str, version: Option<&str>, texts: &[&str], comment| {
        Resource::ForeignServer(ForeignServer {
            name: ident(name),
            wrapper: ident("files"),
            server_type: text("ftp"),
            version: version.map(str::to_owned),
            options: options(texts, Secrecy::ByLook),
            comment,
        })
    };
    let second = server("shelf", None, &["host=b", "sslkey=two"], text("it's there"));
    let renamed = server("Shelf", None, &["host=b", "sslkey=two"], None);
    script.create(server("shelf", Some("1"), &["host=a", "Port=1", "sslkey=one"], None));
    script.alter(second.clone());
    script.rename(&second, renamed.clone());
    script.drop(&renamed);

    let mapping = |name: &str, texts: &[&str]| {
        Resource::UserMapping(UserMapping {
            server: ident("shelf"),
            name: ident(name),
            options: options(texts, Secrecy::All),
        })
    };
    script.create(mapping("public", &["user=guest"]));
    script.alter(mapping("public", &["user=guest", "password=guest"]));
    script.rename(&mapping("public", &[]), mapping("Somebody", &[]));
    script.drop(&mapping("Somebody", &[]));
    foreign_tables(script);
}

pub(super) fn roles(script: &mut Script) {
    script.title("roles");
    let role = |name: &str| Role::plain(ident(name));
    let settings = [("search_path", "app, \"$user\""), ("my.setting", "it's"), ("timezone", "UTC")];
    let first = Role {
        login: true,
        inherit: false,
        connection_limit: Some(5),
        valid_until: text("2040-01-31 10:00:00+00"),
        settings: settings.map(|(name, value)| (name.to_owned(), value.to_owned())).into(),
        comment: text("it's the app"),
        ..role("app_rw")
    };
    let second = Role { superuser: true, create_database: true, ..role("app_rw") };
    script.create(Resource::Role(role("App")));
    script.create(Resource::Role(first));
    script.alter(Resource::Role(second.clone()));
    script.drop(&Resource::Role(second));
    let grant = |admin, inherit, become_role| {
        let (role, member) = (ident("app_rw"), ident("Alice"));
        Resource::RoleGrant(RoleGrant { role, member, admin, inherit, become_role })
    };
    script.create(grant(true, true, true));
    script.alter(grant(false, true, true));
    script.alter(grant(true, false, false));
    script.drop(&grant(true, false, false));
}

fn foreign_tables(script: &mut Script) {
    let told = |column: Column, texts: &[&str]| {
        let properties =
            ColumnProperties { foreign_options: options(texts, Secrecy::ByLook), ..Default::default() };
        Column { properties, ..column }
    };
    let foreign = |columns, texts: &[&str], comment| Table {
        foreign: Some(ForeignSource { server: ident("shelf"), options: options(texts, Secrecy::ByLook) }),
        comment,
        ..table("books", columns)
    };
    let first = vec![
        told(not_null(column("isbn", "text")), &["column_name=ISBN"]),
        told(column("pages", "integer"), &["token=one"]),
    ];
    let second = vec![
        told(column("isbn", "character varying(20)"), &["column_name=isbn"]),
        told(defaulted(not_null(column("pages", "bigint")), "0"), &[]),
        told(not_null(column("title", "text")), &["column_name=Title"]),
    ];
    script.create_table(foreign(first, &["file=a", "secret=two"], text("far away")), &[]);
    let second = foreign(second, &["file=b", "header=true"], None);
    script.alter(Resource::Table(second.clone()));
    let renamed = Resource::Table(Table { name: ident("Books"), ..second.clone() });
    script.rename(&Resource::Table(second), renamed.clone());
    script.drop(&renamed);
}
