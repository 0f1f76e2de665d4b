//! Answers on the wire, with the faults that were asked for.

use super::protocol::Answer;
use super::server::{Fault, Origin, Seen, World, lock};
use std::collections::HashMap;
use std::fmt::Write as _;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::Arc;
use std::sync::atomic::Ordering;

impl World {
    pub(crate) fn serve(&self, stream: &TcpStream, origin: Origin) {
        // Head and body go out in two writes, the second of which must not wait for the client.
        stream.set_nodelay(true).unwrap();
        let mut reader = BufReader::new(stream);
        while let Some(seen) = read_request(&mut reader, origin) {
            if self.closing.load(Ordering::SeqCst) {
                return;
            }
            let faults = (lock(&self.policy))(&seen);
            let index = {
                let mut log = lock(&self.seen);
                log.push(seen.clone());
                log.len() - 1
            };
            let sent = self.answer(&seen, &faults, stream, index);
            if sent.is_err() || stream.peer_addr().is_err() {
                return;
            }
        }
    }

    fn answer(
        &self,
        seen: &Seen,
        faults: &[Fault],
        mut stream: &TcpStream,
        index: usize,
    ) -> io::Result<()> {
        let mut answer = match seen.origin {
            Origin::Hub => self.hub(seen),
            Origin::Cdn => self.cdn(seen),
        };
        let mut is_chunked = false;
        for fault in faults {
            match fault {
                Fault::Status(status) => {
                    answer = Answer {
                        status: *status,
                        headers: Vec::new(),
                        body: Arc::default(),
                        is_file: false,
                    };
                }
                Fault::Corrupt => {
                    let mut bytes = answer.body.to_vec();
                    for byte in &mut bytes {
                        *byte = !*byte;
                    }
                    answer.body = Arc::new(bytes);
                }
                Fault::Truncate(n) => {
                    let n = usize::try_from(*n).unwrap().min(answer.body.len());
                    answer.body = Arc::new(answer.body[..n].to_vec());
                }
                Fault::Gzip => {
                    let mut encoder =
                        flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
                    encoder.write_all(&answer.body)?;
                    answer.body = Arc::new(encoder.finish()?);
                    answer.headers.push(("Content-Encoding", "gzip".into()));
                    is_chunked = true;
                }
                _ => {}
            }
        }
        let (start, end) = range(seen, faults, &mut answer, is_chunked);
        if answer.status == 416 || seen.method == "HEAD" {
            is_chunked = false;
        }
        for fault in faults {
            match fault {
                Fault::Without(name) => answer
                    .headers
                    .retain(|(other, _)| !other.eq_ignore_ascii_case(name)),
                Fault::With(name, value) => {
                    answer
                        .headers
                        .retain(|(other, _)| !other.eq_ignore_ascii_case(name));
                    answer.headers.push((name, value.clone()));
                }
                _ => {}
            }
        }
        if let Some(seen) = lock(&self.seen).get_mut(index) {
            seen.status = answer.status;
        }
        let mut head = format!("HTTP/1.1 {} Whatever\r\n", answer.status);
        for (name, value) in &answer.headers {
            write!(head, "{name}: {value}\r\n").unwrap();
        }
        if is_chunked {
            head.push_str("Transfer-Encoding: chunked\r\n\r\n");
        } else {
            write!(head, "Content-Length: {}\r\n\r\n", end - start).unwrap();
        }
        stream.write_all(head.as_bytes())?;
        if seen.method == "HEAD" {
            return Ok(());
        }
        if is_chunked {
            write!(stream, "{:x}\r\n", end - start)?;
        }
        self.send_body(&answer.body[start..end], faults, stream, index)?;
        if is_chunked {
            stream.write_all(b"\r\n0\r\n\r\n")?;
        }
        stream.flush()
    }

    fn send_body(
        &self,
        body: &[u8],
        faults: &[Fault],
        mut stream: &TcpStream,
        index: usize,
    ) -> io::Result<()> {
        // Faults are exact to a small step; without them it goes as fast as it can.
        let step = if faults.is_empty() { 1 << 20 } else { 16 << 10 };
        let slow = faults.iter().find_map(|fault| match fault {
            Fault::Slow(pause) => Some(*pause),
            _ => None,
        });
        let stop = faults.iter().find_map(|fault| match fault {
            Fault::CutAfter(n) | Fault::StallAfter(n) => Some(usize::try_from(*n).unwrap()),
            _ => None,
        });
        let until = stop.unwrap_or(body.len()).min(body.len());
        for part in body[..until].chunks(step) {
            stream.write_all(part)?;
            if let Some(seen) = lock(&self.seen).get_mut(index) {
                seen.sent_bytes += part.len() as u64;
            }
            if let Some(pause) = slow {
                std::thread::sleep(pause);
            }
        }
        if until < body.len() {
            if faults
                .iter()
                .any(|fault| matches!(fault, Fault::StallAfter(_)))
            {
                // Nothing more until the client has had enough.
                stream.flush()?;
                let _ = stream.read(&mut [0]);
            }
            stream.shutdown(Shutdown::Both)?;
            return Err(io::ErrorKind::ConnectionAborted.into());
        }
        Ok(())
    }
}

/// The part of the body that is asked for; sets status and headers accordingly.
fn range(seen: &Seen, faults: &[Fault], answer: &mut Answer, is_chunked: bool) -> (usize, usize) {
    let length = answer.body.len();
    if !answer.is_file || is_chunked || faults.contains(&Fault::IgnoreRange) {
        return (0, length);
    }
    let etag = |faults: &[Fault]| {
        faults.iter().find_map(|fault| match fault {
            Fault::With("ETag", value) => Some(value.clone()),
            _ => None,
        })
    };
    let own = answer
        .headers
        .iter()
        .find(|(name, _)| *name == "ETag")
        .map(|(_, value)| value.clone());
    let version = etag(faults).or(own);
    if seen
        .header("if-range")
        .is_some_and(|wanted| Some(wanted) != version.as_deref())
    {
        return (0, length);
    }
    let Some(range) = seen
        .header("range")
        .and_then(|range| range.strip_prefix("bytes="))
    else {
        return (0, length);
    };
    let (from, to) = range.split_once('-').unwrap();
    let from: usize = from.parse().unwrap();
    if from >= length {
        answer.status = 416;
        answer
            .headers
            .push(("Content-Range", format!("bytes */{length}")));
        return (0, 0);
    }
    let to = to
        .parse()
        .map_or(length, |last: usize| (last + 1).min(length));
    answer.status = 206;
    answer
        .headers
        .push(("Content-Range", format!("bytes {from}-{}/{length}", to - 1)));
    (from, to)
}

fn read_request(reader: &mut BufReader<&TcpStream>, origin: Origin) -> Option<Seen> {
    let mut line = String::new();
    if reader.read_line(&mut line).ok()? == 0 {
        return None;
    }
    let mut words = line.split_whitespace();
    let (method, target) = (words.next()?.to_owned(), words.next()?.to_owned());
    let mut headers = HashMap::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        let line = line.trim_end();
        if line.is_empty() {
            break;
        }
        let (name, value) = line.split_once(':')?;
        headers.insert(name.trim().to_ascii_lowercase(), value.trim().to_owned());
    }
    Some(Seen {
        origin,
        method,
        target,
        headers,
        status: 0,
        sent_bytes: 0,
    })
}
