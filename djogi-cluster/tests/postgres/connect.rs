//! Sessions and the errors of those that cannot be had.

use djogi_cluster::connect::{ConnectError, ConnectParameters, Connection, DatabaseError};

use crate::support::{on_each_server, servers};

async fn refusal(parameters: &ConnectParameters) -> ConnectError {
    let error = Connection::open(parameters, "test").await.unwrap_err();
    assert!(!format!("{error} {error:?}").contains("hunter2"), "the password shows: {error}");
    error
}

#[tokio::test]
async fn every_session_prints_the_same_way() {
    on_each_server(async |database| {
        let name = database.parameters.endpoint().database;
        database
            .run(&format!(
                "ALTER DATABASE {name} SET quote_all_identifiers = on;
                 ALTER DATABASE {name} SET DateStyle = 'German';
                 ALTER DATABASE {name} SET statement_timeout = '1min';
                 ALTER DATABASE {name} SET search_path = pg_catalog, public"
            ))
            .await;
        let connection = Connection::open(&database.parameters, "01RUN").await.unwrap();
        let row = connection
            .client()
            .query_one(
                "SELECT current_setting('search_path'), current_setting('DateStyle'),
                        current_setting('quote_all_identifiers'), current_setting('statement_timeout'),
                        current_setting('application_name'), pg_backend_pid()",
                &[],
            )
            .await
            .unwrap();
        let texts: Vec<String> = (0..5).map(|at| row.get(at)).collect();
        assert_eq!(texts, ["", "ISO, MDY", "off", "0", "djogi/01RUN"]);
        assert_eq!(row.get::<_, i32>(5), connection.backend_pid());
        assert_eq!(connection.identity(), database.connection.identity());
    })
    .await;
}

#[tokio::test]
async fn the_database_is_known_by_name_and_system_identifier() {
    on_each_server(async |database| {
        let row = database
            .connection
            .client()
            .query_one(
                "SELECT system_identifier::text, current_database()::text FROM pg_control_system()",
                &[],
            )
            .await
            .unwrap();
        let identity = database.connection.identity();
        assert_eq!(identity.system_identifier, row.get::<_, String>(0));
        assert_eq!(identity.database, row.get::<_, String>(1));
    })
    .await;
}

#[tokio::test]
async fn a_host_that_hides_its_control_file_is_known_by_the_oid_of_the_database() {
    on_each_server(async |database| {
        let role = format!("{}_role", database.parameters.endpoint().database);
        database
            .run(&format!(
                "CREATE ROLE {role} LOGIN;
                 REVOKE EXECUTE ON FUNCTION pg_catalog.pg_control_system() FROM PUBLIC"
            ))
            .await;
        let mut config = database.parameters.config().clone();
        config.user(&role);
        let connection = Connection::open(&config.into(), "test").await.unwrap();
        let sql = "SELECT 'database-' || oid FROM pg_database WHERE datname = current_database()";
        let row = connection.client().query_one(sql, &[]).await.unwrap();
        assert_eq!(connection.identity().system_identifier, row.get::<_, String>(0));
        drop(connection);
        database.run(&format!("DROP ROLE {role}")).await;
    })
    .await;
}

#[tokio::test]
async fn an_unknown_database_is_named() {
    for server in servers() {
        let error = refusal(&server.with_database("no such database")).await;
        let ConnectError::Refused { error: refused, endpoint } = &error else {
            panic!("{error}");
        };
        assert_eq!(refused.sqlstate.as_deref(), Some("3D000"));
        assert_eq!(endpoint.database, "no such database");
    }
}

#[tokio::test]
async fn an_unreachable_host_is_named_and_the_password_is_not() {
    // A listener that is closed at once leaves a port where nobody answers.
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let parameters = format!("postgres://app:hunter2@127.0.0.1:{port}/shop").parse().unwrap();
    let error = refusal(&parameters).await;
    assert!(matches!(error, ConnectError::Unreachable { .. }), "{error}");
    let start = format!(
        "cannot reach PostgreSQL at 127.0.0.1 port {port}, database \"shop\", user \"app\": error connecting"
    );
    assert!(error.to_string().starts_with(&start), "{error}");
}

/// A server that wants a password and likes none (manual section 55.2.1).
async fn picky_server() -> std::net::SocketAddr {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let length = stream.read_u32().await.unwrap() as usize;
        stream.read_exact(&mut vec![0; length - 4]).await.unwrap();
        stream.write_all(b"R\0\0\0\x08\0\0\0\x03").await.unwrap();
        assert_eq!(stream.read_u8().await.unwrap(), b'p');
        let length = stream.read_u32().await.unwrap() as usize;
        stream.read_exact(&mut vec![0; length - 4]).await.unwrap();
        let fields = b"SFATAL\0VFATAL\0C28P01\0Mpassword authentication failed for user \"app\"\0\0";
        stream.write_all(b"E").await.unwrap();
        stream.write_u32(fields.len() as u32 + 4).await.unwrap();
        stream.write_all(fields).await.unwrap();
    });
    address
}

#[tokio::test]
async fn a_wrong_password_is_said_and_not_shown() {
    let address = picky_server().await;
    let url = format!("postgres://app:hunter2@127.0.0.1:{}/shop?sslmode=disable", address.port());
    let error = refusal(&url.parse().unwrap()).await;
    assert_eq!(
        error.to_string(),
        format!(
            "PostgreSQL at 127.0.0.1 port {}, database \"shop\", user \"app\" refused the session: password \
             authentication failed for user \"app\" (SQLSTATE 28P01)",
            address.port()
        )
    );
}

#[tokio::test]
async fn a_canceller_stops_a_statement() {
    on_each_server(async |database| {
        let client = database.connection.client();
        let canceller = database.connection.canceller();
        let observer = Connection::open(&database.parameters, "observer").await.unwrap();
        let pid = database.connection.backend_pid();
        let stop = async {
            let busy = "SELECT wait_event = 'PgSleep' FROM pg_stat_activity WHERE pid = $1";
            while observer.client().query_one(busy, &[&pid]).await.unwrap().get::<_, Option<bool>>(0)
                != Some(true)
            {}
            canceller.cancel().await.unwrap();
        };
        let (slept, ()) = tokio::join!(client.batch_execute("SELECT pg_sleep(600)"), stop);
        let error = DatabaseError::new(&slept.unwrap_err());
        assert_eq!(error.sqlstate.as_deref(), Some("57014"));
        assert!(!error.connection_lost());
    })
    .await;
}
