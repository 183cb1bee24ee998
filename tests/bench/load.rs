//! A load generator for one kind of request, over HTTP/1.1 with keep-alive, plain or TLS.
//!
//! Without `--rate` it is a closed loop: each connection sends its next request when the last is answered, on one
//! thread, which saturates what it is pointed at. With `--rate` it is an open loop: requests are due at fixed times,
//! whatever became of those before, and a latency counts from when its request was due, so that a server that stalls
//! is charged for all that had to wait. Prints one line of JSON. It sends to loopback addresses only.

#![expect(clippy::print_stdout, reason = "it is a program")]

mod reply;
mod template;

use std::error::Error;
use std::fs;
use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use clap::Parser as _;
use reply::{Reply, reply};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use template::{Digits, Template};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::time::timeout_at;
use tokio_rustls::TlsConnector;

/// What an open loop does before it counts.
const WARM_UP: Duration = Duration::from_millis(500);
/// For the last answer.
const PATIENCE: Duration = Duration::from_secs(10);
/// How much of the first bad answer is shown.
const SHOWN: usize = 400;

#[derive(clap::Parser)]
struct Options {
    /// Where to connect to
    #[arg(long)]
    address: SocketAddr,
    /// What to ask for: the Host header, and the name in the certificate
    #[arg(long, default_value = "localhost")]
    host: String,
    /// TLS, with a PEM file of the authority to trust
    #[arg(long)]
    ca: Option<PathBuf>,
    #[arg(long, default_value = "GET")]
    method: String,
    /// The path and query, with ######## where a user's number goes
    #[arg(long)]
    path: String,
    /// A file with the body, with ######## as well
    #[arg(long)]
    body: Option<PathBuf>,
    /// The bearer token
    #[arg(long)]
    token: String,
    /// The first user's number
    #[arg(long, default_value_t = 0)]
    first: u32,
    /// How many users there are; after them it begins again
    #[arg(long, default_value_t = 1_000)]
    users: u32,
    #[arg(long, default_value_t = 64)]
    connections: u32,
    #[arg(long, default_value_t = 3.0, value_parser = seconds)]
    seconds: f64,
    /// Requests a second, in an open loop
    #[arg(long)]
    rate: Option<f64>,
}

fn seconds(text: &str) -> Result<f64, String> {
    let seconds: f64 = text.parse().map_err(|_| "it is no number".to_owned())?;
    if (0.0..=120.0).contains(&seconds) { Ok(seconds) } else { Err("at most 120".to_owned()) }
}

/// The requests of a run.
struct Load {
    options: Options,
    request: Template,
    tls: Option<(Arc<ClientConfig>, ServerName<'static>)>,
    sent: AtomicU32,
}

impl Load {
    fn new(options: Options) -> Result<Self, Box<dyn Error>> {
        if !options.address.ip().is_loopback() {
            return Err("load goes to this machine only".into());
        }
        let body = options.body.as_ref().map(fs::read_to_string).transpose()?;
        let Options { method, path, host, token, .. } = &options;
        let mut request = format!(
            "{method} {path} HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {token}\r\nAccept: application/scim+json\r\n"
        );
        if let Some(body) = &body {
            let length = body.len();
            request += &format!("Content-Type: application/scim+json\r\nContent-Length: {length}\r\n");
        }
        request += "\r\n";
        request += body.as_deref().unwrap_or_default();
        let tls = options.ca.as_ref().map(|ca| tls(ca, host)).transpose()?;
        Ok(Self { request: Template::new(&request), tls, options, sent: AtomicU32::new(0) })
    }

    /// The next request; the users take turns.
    fn next(&self, out: &mut Vec<u8>) {
        let turn = self.sent.fetch_add(1, Ordering::Relaxed) % self.options.users.max(1);
        self.request.fill(digits(self.options.first + turn), out);
    }
}

fn digits(mut number: u32) -> Digits {
    let mut digits = Digits::default();
    for digit in digits.iter_mut().rev() {
        *digit = b'0' + u8::try_from(number % 10).unwrap_or_default();
        number /= 10;
    }
    digits
}

fn tls(ca: &PathBuf, host: &str) -> Result<(Arc<ClientConfig>, ServerName<'static>), Box<dyn Error>> {
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_file_iter(ca)? {
        roots.add(certificate?)?;
    }
    let config = ClientConfig::builder().with_root_certificates(roots).with_no_client_auth();
    let name = host.rsplit_once(':').map_or(host, |(name, _)| name);
    Ok((Arc::new(config), ServerName::try_from(name.to_owned())?))
}

/// What came of the requests of one connection, or of all.
#[derive(Default)]
struct Outcome {
    /// Answers with a status below 300.
    good: u64,
    bad: u64,
    /// Connections that broke or were closed.
    broken: u64,
    /// Of good answers, in nanoseconds.
    latencies: Vec<u64>,
    first_bad: Option<String>,
}

impl Outcome {
    fn note(&mut self, reply: Reply, bytes: &[u8], latency: Option<Duration>) {
        if reply.status < 300 {
            self.good += 1;
            self.latencies.extend(latency.map(|took| u64::try_from(took.as_nanos()).unwrap_or(u64::MAX)));
        } else {
            self.bad += 1;
            self.first_bad.get_or_insert_with(|| {
                String::from_utf8_lossy(&bytes[..reply.length.min(SHOWN)]).into_owned()
            });
        }
    }

    fn broke(&mut self, error: &io::Error) {
        self.broken += 1;
        self.first_bad.get_or_insert_with(|| error.to_string());
    }

    fn join(&mut self, other: Self) {
        self.good += other.good;
        self.bad += other.bad;
        self.broken += other.broken;
        self.latencies.extend(other.latencies);
        self.first_bad = self.first_bad.take().or(other.first_bad);
    }

    fn print(mut self, took: Duration) {
        self.latencies.sort_unstable();
        let last = self.latencies.len().saturating_sub(1);
        let micros = |per_mille: usize| {
            let nanos = self.latencies.get(last * per_mille / 1_000).copied().unwrap_or_default();
            nanos as f64 / 1e3
        };
        let line = serde_json::json!({
            "requests": self.good + self.bad,
            "bad": self.bad,
            "broken": self.broken,
            "first_bad": self.first_bad,
            "per_second": (self.good as f64 / took.as_secs_f64()).round(),
            "p50": micros(500),
            "p90": micros(900),
            "p99": micros(990),
            "p999": micros(999),
            "max": micros(1_000),
        });
        println!("{line}");
    }
}

/// The reply in `buffer` once it is whole; a protocol error is an I/O error.
fn whole(buffer: &[u8]) -> io::Result<Option<Reply>> {
    reply(buffer).map_err(|_| io::Error::from(io::ErrorKind::InvalidData))
}

/// One thread, one task a connection.
fn closed_loop(load: &Arc<Load>) -> Result<Outcome, Box<dyn Error>> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let until = Instant::now() + Duration::from_secs_f64(load.options.seconds);
    let mut all = Outcome::default();
    runtime.block_on(async {
        let tasks = (0..load.options.connections).map(|_| tokio::spawn(connection(load.clone(), until)));
        for task in tasks.collect::<Vec<_>>() {
            all.join(task.await?);
        }
        Ok(all)
    })
}

async fn connection(load: Arc<Load>, until: Instant) -> Outcome {
    let mut outcome = Outcome::default();
    while Instant::now() < until && outcome.broken < 10 {
        let ran = async {
            let socket = tokio::net::TcpStream::connect(load.options.address).await?;
            socket.set_nodelay(true)?;
            match &load.tls {
                None => exchange(&load, socket, until, &mut outcome).await,
                Some((config, name)) => {
                    let connector = TlsConnector::from(config.clone());
                    let socket = connector.connect(name.clone(), socket).await?;
                    exchange(&load, socket, until, &mut outcome).await
                }
            }
        };
        let ran: io::Result<()> =
            timeout_at((until + PATIENCE).into(), ran).await.unwrap_or_else(|late| Err(late.into()));
        if let Err(error) = ran {
            outcome.broke(&error);
        }
    }
    outcome
}

async fn exchange(
    load: &Load,
    mut socket: impl AsyncRead + AsyncWrite + Unpin,
    until: Instant,
    outcome: &mut Outcome,
) -> io::Result<()> {
    let (mut request, mut buffer) = (Vec::new(), Vec::with_capacity(16 * 1024));
    while Instant::now() < until {
        load.next(&mut request);
        buffer.clear();
        let start = Instant::now();
        socket.write_all(&request).await?;
        let reply = loop {
            if socket.read_buf(&mut buffer).await? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            if let Some(reply) = whole(&buffer)? {
                break reply;
            }
        };
        outcome.note(reply, &buffer, Some(start.elapsed()));
        if !reply.keeps_alive {
            return Ok(());
        }
    }
    Ok(())
}

/// One thread a connection, each with its share of the rate.
fn open_loop(load: &Arc<Load>, rate: f64) -> Result<Outcome, Box<dyn Error>> {
    // A sleeping thread may be woken 50 µs late, which is as long as what is measured. Threads inherit this.
    let _ = fs::write("/proc/self/timerslack_ns", "1");
    let connections = load.options.connections.max(1);
    let period = Duration::from_secs_f64(f64::from(connections) / rate);
    let begin = Instant::now() + Duration::from_millis(50);
    let threads = (0..connections).map(|index| {
        let load = load.clone();
        let first = begin + period * index / connections;
        thread::spawn(move || scheduled(&load, begin, first, period))
    });
    let mut all = Outcome::default();
    for thread in threads.collect::<Vec<_>>() {
        all.join(thread.join().map_err(|_| "a connection's thread panicked")?);
    }
    Ok(all)
}

fn scheduled(load: &Load, begin: Instant, first: Instant, period: Duration) -> Outcome {
    let mut outcome = Outcome::default();
    let (mut request, mut buffer) = (Vec::new(), vec![0; 64 * 1024]);
    let (warm, end) = (begin + WARM_UP, begin + WARM_UP + Duration::from_secs_f64(load.options.seconds));
    let mut socket = None;
    let mut due = first;
    while due < end && outcome.broken < 10 {
        wait_until(due);
        load.next(&mut request);
        match send(load, &mut socket, &request, &mut buffer) {
            Ok((reply, bytes)) => outcome.note(reply, bytes, (due >= warm).then(|| due.elapsed())),
            Err(error) => {
                outcome.broke(&error);
                socket = None;
            }
        }
        due += period;
    }
    outcome
}

#[expect(
    clippy::disallowed_methods,
    reason = "the thread is the connection's own, and timers of a runtime tick in ms"
)]
fn wait_until(due: Instant) {
    thread::sleep(due.saturating_duration_since(Instant::now()));
}

trait Socket: Read + Write {}
impl<T: Read + Write> Socket for T {}

/// Sends a request and reads its answer, over a new connection if there is none.
fn send<'b>(
    load: &Load,
    kept: &mut Option<Box<dyn Socket>>,
    request: &[u8],
    buffer: &'b mut [u8],
) -> io::Result<(Reply, &'b [u8])> {
    let socket = match kept {
        Some(socket) => socket,
        None => kept.insert(connect(load)?),
    };
    socket.write_all(request)?;
    let mut length = 0;
    let reply = loop {
        match socket.read(&mut buffer[length..])? {
            0 => return Err(io::ErrorKind::UnexpectedEof.into()),
            read => length += read,
        }
        if let Some(reply) = whole(&buffer[..length])? {
            break reply;
        }
    };
    if !reply.keeps_alive {
        *kept = None;
    }
    Ok((reply, &buffer[..length]))
}

fn connect(load: &Load) -> io::Result<Box<dyn Socket>> {
    let socket = TcpStream::connect(load.options.address)?;
    socket.set_nodelay(true)?;
    socket.set_read_timeout(Some(PATIENCE))?;
    Ok(match &load.tls {
        None => Box::new(socket),
        Some((config, name)) => {
            let connection = ClientConnection::new(config.clone(), name.clone()).map_err(io::Error::other)?;
            Box::new(StreamOwned::new(connection, socket))
        }
    })
}

fn main() -> Result<(), Box<dyn Error>> {
    let load = Arc::new(Load::new(Options::parse())?);
    let start = Instant::now();
    match load.options.rate {
        None => closed_loop(&load)?.print(start.elapsed()),
        Some(rate) => {
            // The rate that was kept, over the time that was counted and the time before.
            let counted = Duration::from_secs_f64(load.options.seconds) + WARM_UP;
            open_loop(&load, rate)?.print(counted);
        }
    }
    Ok(())
}
