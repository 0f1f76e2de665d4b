//! What a child prints, read line by line without ever holding more than a bound of one.

use tokio::io::{AsyncBufRead, AsyncBufReadExt, AsyncRead, BufReader};
use tokio::sync::mpsc;

/// Bytes of a line on standard error; what is longer is cut.
const WORDS_BYTES: usize = 16 << 10;

/// What came out of one of a child's pipes.
pub(super) enum Said {
    /// A line of standard output.
    Line(String),
    /// A line of standard error.
    Words(String),
    /// A line of standard output longer than the bound; nothing is read after it.
    Overlong,
}

/// Passes on the lines of a child's standard output, each of `most_bytes` at most.
pub(super) async fn read_lines(
    out: impl AsyncRead + Unpin,
    most_bytes: usize,
    said: mpsc::Sender<Said>,
) {
    let mut reader = BufReader::new(out);
    loop {
        let (next, is_last) = match read_line(&mut reader, most_bytes).await {
            Ok(Some(Bounded::Whole(line))) => (Said::Line(line), false),
            Ok(Some(Bounded::Longer(_))) => (Said::Overlong, true),
            Ok(None) => return,
            Err(failure) => {
                tracing::warn!(%failure, "a child's output cannot be read");
                return;
            }
        };
        if said.send(next).await.is_err() || is_last {
            return;
        }
    }
}

/// Passes on the lines of a child's standard error, cut where they are long.
pub(super) async fn read_words(err: impl AsyncRead + Unpin, said: mpsc::Sender<Said>) {
    let mut reader = BufReader::new(err);
    while let Ok(Some(Bounded::Whole(line) | Bounded::Longer(line))) =
        read_line(&mut reader, WORDS_BYTES).await
    {
        if said.send(Said::Words(line)).await.is_err() {
            return;
        }
    }
}

/// A line, or as much of it as is taken at once.
enum Bounded {
    Whole(String),
    Longer(String),
}

/// The next line without its end, of which no more than `most_bytes` are ever held.
async fn read_line(
    reader: &mut (impl AsyncBufRead + Unpin),
    most_bytes: usize,
) -> std::io::Result<Option<Bounded>> {
    let (mut line, mut read_any, mut longer) = (Vec::new(), false, false);
    loop {
        let bytes = reader.fill_buf().await?;
        if bytes.is_empty() {
            break;
        }
        read_any = true;
        let end = bytes.iter().position(|byte| *byte == b'\n');
        let part = bytes.get(..end.unwrap_or(bytes.len())).unwrap_or_default();
        let room = most_bytes - line.len();
        if part.len() > room {
            line.extend_from_slice(part.get(..room).unwrap_or_default());
            reader.consume(room);
            longer = true;
            break;
        }
        line.extend_from_slice(part);
        let n_read = end.map_or(bytes.len(), |end| end + 1);
        reader.consume(n_read);
        if end.is_some() {
            break;
        }
    }
    if !read_any {
        return Ok(None);
    }
    if line.last() == Some(&b'\r') {
        line.pop();
    }
    let text = String::from_utf8_lossy(&line).into_owned();
    Ok(Some(if longer {
        Bounded::Longer(text)
    } else {
        Bounded::Whole(text)
    }))
}
