//! Where an HTTP/1.1 answer ends.

/// What a load generator wants to know of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reply {
    /// The status code.
    pub status: u16,
    /// All of its bytes.
    pub length: usize,
    /// The server goes on with this connection.
    pub keeps_alive: bool,
}

/// It is no HTTP/1.1 answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Malformed;

/// The answer at the beginning of the bytes; `None` when there is not a whole one yet.
pub fn reply(bytes: &[u8]) -> Result<Option<Reply>, Malformed> {
    let Some(end) = find(bytes, b"\r\n\r\n") else { return Ok(None) };
    let head = std::str::from_utf8(&bytes[..end]).map_err(|_| Malformed)?;
    let mut lines = head.split("\r\n");
    let status = lines.next().and_then(|line| line.split(' ').nth(1)).ok_or(Malformed)?;
    let status = status.parse().map_err(|_| Malformed)?;
    let mut length = None;
    let mut is_chunked = false;
    let mut keeps_alive = true;
    for (name, value) in lines.filter_map(|line| line.split_once(':')) {
        let value = value.trim();
        if name.eq_ignore_ascii_case("content-length") {
            length = Some(value.parse::<usize>().map_err(|_| Malformed)?);
        } else if name.eq_ignore_ascii_case("transfer-encoding") {
            is_chunked = value.eq_ignore_ascii_case("chunked");
        } else if name.eq_ignore_ascii_case("connection") {
            keeps_alive = !value.eq_ignore_ascii_case("close");
        }
    }
    let body = &bytes[end + 4..];
    let length = match length {
        _ if status == 204 || status == 304 => Some(0),
        _ if is_chunked => chunked(body)?,
        Some(length) => Some(length).filter(|length| *length <= body.len()),
        // Until the connection closes: nobody who is measured here does that.
        None => return Err(Malformed),
    };
    Ok(length.map(|length| Reply { status, length: end + 4 + length, keeps_alive }))
}

/// The length of a body in chunks, if all of it is there.
fn chunked(body: &[u8]) -> Result<Option<usize>, Malformed> {
    let mut at = 0;
    loop {
        let Some(line) = find(&body[at..], b"\r\n") else { return Ok(None) };
        let size = std::str::from_utf8(&body[at..at + line]).map_err(|_| Malformed)?;
        let size = size.split(';').next().unwrap_or_default().trim();
        let size = usize::from_str_radix(size, 16).map_err(|_| Malformed)?;
        at += line + 2 + size + 2;
        if at > body.len() {
            return Ok(None);
        }
        if size == 0 {
            return Ok(Some(at));
        }
    }
}

fn find(bytes: &[u8], what: &[u8]) -> Option<usize> {
    bytes.windows(what.len()).position(|window| window == what)
}
