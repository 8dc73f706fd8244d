//! Servers older than PostgreSQL 15 are refused by version. None is installed here, so one is played.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};

use e2e::{Project, servers};

#[test]
fn postgresql_14_is_refused_by_its_version() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("an address").port();
    std::thread::spawn(move || {
        for session in listener.incoming() {
            // A client that has heard enough hangs up.
            let _ = serve(session.expect("a session"));
        }
    });
    let mut project = Project::declaring(&servers()[0], "CREATE TABLE t (id int);");
    project
        .set_variable("DATABASE_URL", &format!("postgres://postgres@127.0.0.1:{port}/shop?sslmode=disable"));
    for arguments in [&["plan"][..], &["apply", "--auto-approve"], &["refresh"]] {
        let refused = project.run(arguments).expect(1);
        refused.says(&["server_too_old", "14.9", "15 or newer", "upgrade the server"]);
    }
    assert!(!project.root().join(".djogi").exists());
}

/// One session (manual chapter 55): every question is answered as a server answers that does not know a setting, but for
/// the one after the version.
fn serve(mut client: TcpStream) -> std::io::Result<()> {
    let length = number(&mut client)? - 4;
    client.read_exact(&mut vec![0; length])?;
    let mut answer = message(b'R', &0u32.to_be_bytes());
    answer.extend(message(b'S', b"server_version\x0014.9\0"));
    answer.extend(message(b'S', b"client_encoding\0UTF8\0"));
    answer.extend(message(b'Z', b"I"));
    client.write_all(&answer)?;
    let mut question = Vec::new();
    loop {
        let mut kind = [0];
        client.read_exact(&mut kind)?;
        let mut body = vec![0; number(&mut client)? - 4];
        client.read_exact(&mut body)?;
        match kind[0] {
            b'P' => question = body,
            b'S' => client.write_all(&answer_to(&question))?,
            b'X' => return Ok(()),
            _ => {}
        }
    }
}

fn answer_to(question: &[u8]) -> Vec<u8> {
    let question = String::from_utf8_lossy(question);
    let mut answer = Vec::new();
    if question.contains("server_version_num") && !question.contains("set_config") {
        let mut column = [&1u16.to_be_bytes()[..], b"version\0", &[0; 6]].concat();
        column.extend(
            [&23u32.to_be_bytes()[..], &4u16.to_be_bytes(), &[0xff; 4], &1u16.to_be_bytes()].concat(),
        );
        let row = [&1u16.to_be_bytes()[..], &4u32.to_be_bytes(), &140_009_u32.to_be_bytes()].concat();
        for (kind, body) in
            [(b'1', &[][..]), (b'2', &[]), (b'T', &column), (b'D', &row), (b'C', b"SELECT 1\0")]
        {
            answer.extend(message(kind, body));
        }
    } else {
        answer.extend(message(b'E', b"SERROR\0VERROR\0C42704\0Munrecognized configuration parameter\0\0"));
    }
    answer.extend(message(b'Z', b"I"));
    answer
}

fn number(client: &mut TcpStream) -> std::io::Result<usize> {
    let mut bytes = [0; 4];
    client.read_exact(&mut bytes)?;
    Ok(u32::from_be_bytes(bytes) as usize)
}

fn message(kind: u8, body: &[u8]) -> Vec<u8> {
    let length = u32::try_from(body.len() + 4).expect("a short message").to_be_bytes();
    [&[kind][..], &length, body].concat()
}
