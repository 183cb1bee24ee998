//! `health`: asks the admin address of a bridge, and says so by the exit code. A container image without a shell has
//! nothing else to ask with.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use super::{Exit, complain};

/// What `health` is told.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The bridge's admin address
    #[arg(long, default_value = "127.0.0.1:9090", value_name = "ADDR")]
    admin: SocketAddr,
    /// Ask whether it takes requests, and not only whether it lives
    #[arg(long)]
    ready: bool,
}

pub(super) fn run(arguments: &Arguments) -> Exit {
    let path = if arguments.ready { "/readyz" } else { "/healthz" };
    match ask(arguments.admin, path) {
        Ok(true) => Exit::Done,
        Ok(false) => {
            let how = if arguments.ready { "ready: it is starting or stopping" } else { "well" };
            complain(&format!("the bridge at {} is not {how}", arguments.admin));
            Exit::Failed
        }
        Err(error) => {
            complain(&format!("the bridge at {} does not answer: {error}", arguments.admin));
            complain(
                "  hint: it is asked at the address of `admin.listen` in bridge.yaml; --admin takes another",
            );
            Exit::Failed
        }
    }
}

fn ask(admin: SocketAddr, path: &str) -> std::io::Result<bool> {
    const PATIENCE: Duration = Duration::from_secs(3);
    let mut stream = TcpStream::connect_timeout(&admin, PATIENCE)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    write!(stream, "GET {path} HTTP/1.1\r\nHost: {admin}\r\nConnection: close\r\n\r\n")?;
    let mut head = [0_u8; 12];
    stream.read_exact(&mut head)?;
    Ok(&head == b"HTTP/1.1 200")
}
