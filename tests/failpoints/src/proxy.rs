//! A proxy before a server that ends a connection at a chosen message of the protocol.

use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use e2e::{Database, Server};

/// Passes everything on, message by message, until its moment has come; later connections are left alone.
#[derive(Debug)]
pub struct CuttingProxy {
    port: u16,
    moment: Arc<Mutex<Moment>>,
}

/// Counts the messages of both directions from the first that holds `begins`.
#[derive(Debug)]
struct Moment {
    begins: &'static [u8],
    has_begun: bool,
    left: usize,
    is_over: bool,
}

impl Moment {
    /// Whether `message` is where the connection ends.
    fn has_come(&mut self, message: &[u8]) -> bool {
        let holds = |text: &[u8]| message.windows(text.len()).any(|part| part == text);
        self.has_begun = self.has_begun || holds(self.begins);
        if !self.has_begun || self.is_over {
            return false;
        }
        self.is_over = self.left == 0;
        self.left = self.left.saturating_sub(1);
        self.is_over
    }
}

impl CuttingProxy {
    /// Ends the connection instead of passing on the `nth` message, counted from 0, from the first that holds `begins`.
    pub fn start(server: &Server, begins: &'static [u8], nth: usize) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let moment = Moment { begins, has_begun: false, left: nth, is_over: false };
        let moment = Arc::new(Mutex::new(moment));
        let (socket, shared) = (server.socket_dir().join(".s.PGSQL.5432"), Arc::clone(&moment));
        std::thread::spawn(move || {
            for client in listener.incoming() {
                // A connection that could not be passed on is seen by its client.
                let _ = client.and_then(|client| relay(client, &socket, &shared));
            }
        });
        Self { port, moment }
    }

    /// How djogi reaches `database` through the proxy.
    pub fn url(&self, database: &Database) -> String {
        format!("postgres://postgres@127.0.0.1:{}/{}?sslmode=disable", self.port, database.name())
    }

    /// Whether a connection was ended.
    pub fn has_cut(&self) -> bool {
        self.moment.lock().unwrap_or_else(PoisonError::into_inner).is_over
    }
}

fn relay(client: TcpStream, socket: &PathBuf, moment: &Arc<Mutex<Moment>>) -> io::Result<()> {
    let server = UnixStream::connect(socket)?;
    client.set_nodelay(true)?;
    let ends = Arc::new((client.try_clone()?, server.try_clone()?));
    let (answers, to_client) = (server.try_clone()?, client.try_clone()?);
    for (from, to, is_client) in [
        (Box::new(client) as Box<dyn Read + Send>, Box::new(server) as Box<dyn Write + Send>, true),
        (Box::new(answers), Box::new(to_client), false),
    ] {
        let (moment, ends) = (Arc::clone(moment), Arc::clone(&ends));
        std::thread::spawn(move || {
            let _ = pass_on(from, to, is_client, &moment);
            let _ = ends.0.shutdown(Shutdown::Both);
            let _ = ends.1.shutdown(Shutdown::Both);
        });
    }
    Ok(())
}

/// Ends with the connection, or at its moment. The first message of a client has no type.
fn pass_on(
    mut from: Box<dyn Read + Send>,
    mut to: Box<dyn Write + Send>,
    is_client: bool,
    moment: &Mutex<Moment>,
) -> io::Result<()> {
    let mut is_untyped = is_client;
    loop {
        let mut head = vec![0; if is_untyped { 4 } else { 5 }];
        from.read_exact(&mut head)?;
        let length = &head[head.len() - 4..];
        let length = u32::from_be_bytes([length[0], length[1], length[2], length[3]]) as usize;
        let mut message = head;
        let start = message.len();
        message.resize(start + length - 4, 0);
        from.read_exact(&mut message[start..])?;
        is_untyped = false;
        if moment.lock().unwrap_or_else(PoisonError::into_inner).has_come(&message) {
            return Ok(());
        }
        to.write_all(&message)?;
    }
}
