//! A vendor that costs nothing: it answers as NinjaOne's SCIM endpoint would, with bytes made beforehand.
//!
//! `bench-upstream --user vendor_user.json` prints its address, and serves until it is ended. A user's number is taken
//! from the path, the filter or the userName of a request and written into the answer, so that what is asked for is
//! what is answered. Users from [`NEW`] on do not exist until they are made, and are forgotten at once.

#![expect(clippy::print_stdout, reason = "it is a program")]

mod template;

use std::error::Error;
use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use bytes::{Buf as _, BytesMut};
use clap::Parser as _;
use template::{Digits, MARK, Template};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

/// The first number of users that a look-up does not find.
const NEW: &Digits = b"50000000";

#[derive(clap::Parser)]
struct Options {
    /// The address; port 0 is any free one
    #[arg(long, default_value = "127.0.0.1:0")]
    listen: SocketAddr,
    /// A file with a user in JSON, and ######## where the number goes
    #[arg(long)]
    user: PathBuf,
}

/// Every answer, head and body.
struct Answers {
    created: Template,
    user: Template,
    inactive: Template,
    list: Template,
    nobody: Template,
    gone: Template,
    unknown: Template,
    no_length: Template,
}

impl Answers {
    fn new(user: &str) -> Self {
        let schema =
            |message: &str| format!(r#"{{"schemas":["urn:ietf:params:scim:api:messages:2.0:{message}"]"#);
        let list = |total: usize, resources: &str| {
            let counts = format!(r#""totalResults":{total},"startIndex":1,"itemsPerPage":{total}"#);
            format!(r#"{},{counts},"Resources":[{resources}]}}"#, schema("ListResponse"))
        };
        let error = |status: &str| {
            let code = &status[..3];
            answer(status, &format!(r#"{},"status":"{code}","detail":"no"}}"#, schema("Error")))
        };
        Self {
            created: answer("201 Created", user),
            user: answer("200 OK", user),
            inactive: answer("200 OK", &user.replace(r#""active":true"#, r#""active":false"#)),
            list: answer("200 OK", &list(1, user)),
            nobody: answer("200 OK", &list(0, "")),
            gone: Template::new("HTTP/1.1 204 No Content\r\n\r\n"),
            unknown: error("404 Not Found"),
            no_length: error("411 Length Required"),
        }
    }

    /// The answer to a request, and the number in it.
    fn choose(&self, request: &Request<'_>) -> (&Template, Digits) {
        let path = request.target.split('?').next().unwrap_or_default();
        let (is_users, is_filter) = (path.contains("/Users"), request.target.contains("filter="));
        let number = match request.method {
            "POST" => request.body.split_once(r#""userName""#).and_then(|(_, rest)| digits(rest)),
            _ => digits(request.target),
        };
        let number = number.unwrap_or(*b"00000000");
        let template = match request.method {
            _ if request.is_chunked => &self.no_length,
            "POST" if is_users => &self.created,
            "PUT" if is_users => &self.user,
            "PATCH" if is_users => &self.inactive,
            "DELETE" => &self.gone,
            // Nobody is a member of a group.
            "GET" if path.ends_with("/Groups") || is_filter && number >= *NEW => &self.nobody,
            "GET" if path.ends_with("/Users") => &self.list,
            "GET" if is_users => &self.user,
            _ => &self.unknown,
        };
        (template, number)
    }
}

fn answer(status: &str, body: &str) -> Template {
    let length = body.len();
    let head = format!(
        "HTTP/1.1 {status}\r\nContent-Type: application/scim+json\r\nContent-Length: {length}\r\n\r\n"
    );
    Template::new(&(head + body))
}

/// The last eight of the first eight or more digits in a row.
fn digits(text: &str) -> Option<Digits> {
    let run = text.as_bytes().split(|byte| !byte.is_ascii_digit()).find(|run| run.len() >= MARK.len())?;
    run.last_chunk().copied()
}

/// What matters of a request.
struct Request<'r> {
    method: &'r str,
    target: &'r str,
    is_chunked: bool,
    body: &'r str,
    length: usize,
}

/// A request at the beginning of the bytes; `None` when there is not a whole one yet.
fn request(bytes: &[u8]) -> io::Result<Option<Request<'_>>> {
    let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") else { return Ok(None) };
    let malformed = || io::Error::from(io::ErrorKind::InvalidData);
    let head = std::str::from_utf8(&bytes[..end]).map_err(|_| malformed())?;
    let mut lines = head.split("\r\n");
    let mut words = lines.next().unwrap_or_default().split(' ');
    let (method, target) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let mut body = 0;
    let mut is_chunked = false;
    for (name, value) in lines.filter_map(|line| line.split_once(':')) {
        if name.eq_ignore_ascii_case("content-length") {
            body = value.trim().parse().map_err(|_| malformed())?;
        }
        is_chunked |= name.eq_ignore_ascii_case("transfer-encoding");
    }
    let length = end + 4 + body;
    let Some(body) = bytes.get(end + 4..length) else { return Ok(None) };
    let body = std::str::from_utf8(body).map_err(|_| malformed())?;
    Ok(Some(Request { method, target, is_chunked, body, length }))
}

async fn serve(mut socket: TcpStream, answers: Arc<Answers>) -> io::Result<()> {
    socket.set_nodelay(true)?;
    let mut buffer = BytesMut::with_capacity(16 * 1024);
    let mut out = Vec::with_capacity(4 * 1024);
    loop {
        let Some(request) = request(&buffer)? else {
            if socket.read_buf(&mut buffer).await? == 0 {
                return Ok(());
            }
            continue;
        };
        let (template, number) = answers.choose(&request);
        let length = request.length;
        template.fill(number, &mut out);
        buffer.advance(length);
        socket.write_all(&out).await?;
    }
}

#[tokio::main(worker_threads = 2)]
async fn main() -> Result<(), Box<dyn Error>> {
    let options = Options::parse();
    let answers = Arc::new(Answers::new(std::fs::read_to_string(options.user)?.trim()));
    let listener = TcpListener::bind(options.listen).await?;
    println!("{}", listener.local_addr()?);
    loop {
        let (socket, _) = listener.accept().await?;
        // A client that goes away is none of our business.
        drop(tokio::spawn(serve(socket, answers.clone())));
    }
}
