//! The files of a folder: nothing outside of it, nothing hidden in it.

use bytes::{Bytes, BytesMut};
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt, Full};
use hyper::body::{Body, Frame, SizeHint};
use hyper::header::{CONTENT_TYPE, HeaderValue, LOCATION};
use hyper::{Response, StatusCode};
use std::io;
use std::path::{Component, Path, PathBuf};
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use tokio::fs::File;
use tokio::io::{AsyncRead, ReadBuf};

/// What `serve` answers with.
pub(crate) type Answer = Response<BoxBody<Bytes, io::Error>>;

/// How many bytes of a file are read at once.
const PIECE: usize = 64 << 10;

/// A folder that is served.
#[derive(Clone, Debug)]
pub(crate) struct Folder {
    /// Without links, so that what lies inside can be told.
    root: PathBuf,
}

impl Folder {
    /// This folder.
    ///
    /// # Errors
    /// Whatever is wrong with it; also if it is none.
    pub(crate) fn new(path: &Path) -> io::Result<Self> {
        let root = path.canonicalize()?;
        match root.is_dir() {
            true => Ok(Self { root }),
            false => Err(io::ErrorKind::NotADirectory.into()),
        }
    }

    /// The file at this path of a URL. A query changes nothing, and is kept where the client is sent elsewhere.
    pub(crate) async fn get(&self, path: &str, query: Option<&str>) -> Answer {
        let Some(relative) = relative(path) else { return plain(StatusCode::NOT_FOUND, "Not found.\n") };
        match self.find(&relative, path.ends_with('/')).await {
            Ok(Found::File(file, length, kind)) => {
                let pieces = Pieces { file, left: length, buffer: BytesMut::new() };
                let mut answer = Response::new(pieces.boxed());
                answer.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(kind));
                answer
            }
            // The path is one that has been taken apart, so it begins with one slash: it stays on this server.
            Ok(Found::Folder) => match HeaderValue::try_from(format!("{}/{}", encoded(&relative), asked(query))) {
                Ok(location) => {
                    let mut answer = plain(StatusCode::MOVED_PERMANENTLY, "It is a folder.\n");
                    answer.headers_mut().insert(LOCATION, location);
                    answer
                }
                Err(_) => plain(StatusCode::NOT_FOUND, "Not found.\n"),
            },
            Err(e) if e.kind() == io::ErrorKind::PermissionDenied => plain(StatusCode::FORBIDDEN, "Not readable.\n"),
            Err(_) => plain(StatusCode::NOT_FOUND, "Not found.\n"),
        }
    }

    /// A folder is only had with a slash at its end, so that what its index says relatively is right.
    async fn find(&self, relative: &Path, slash: bool) -> io::Result<Found> {
        let mut path = self.inside(&self.root.join(relative)).await?;
        if tokio::fs::metadata(&path).await?.is_dir() {
            if !slash && !relative.as_os_str().is_empty() {
                return Ok(Found::Folder);
            }
            path = self.inside(&path.join("index.html")).await?;
        } else if slash {
            return Err(io::ErrorKind::NotFound.into());
        }
        // Before it is opened: to open a pipe would wait for its writer.
        if !tokio::fs::metadata(&path).await?.is_file() {
            return Err(io::ErrorKind::NotFound.into());
        }
        let kind = content_type(&path);
        let file = File::open(&path).await?;
        let metadata = file.metadata().await?;
        if !metadata.is_file() {
            return Err(io::ErrorKind::NotFound.into());
        }
        Ok(Found::File(file, metadata.len(), kind))
    }

    /// The path with its links followed, if that is still inside.
    async fn inside(&self, path: &Path) -> io::Result<PathBuf> {
        let real = tokio::fs::canonicalize(path).await?;
        let hidden = |p: &Path| p.components().any(|c| c.as_os_str().as_encoded_bytes().starts_with(b"."));
        match real.strip_prefix(&self.root) {
            Ok(relative) if !hidden(relative) => Ok(real),
            _ => Err(io::ErrorKind::NotFound.into()),
        }
    }
}

enum Found {
    /// A file, its length, and what kind of contents it has.
    File(File, u64, &'static str),
    /// A folder, asked for without a slash.
    Folder,
}

/// The path inside the folder that a URL's path stands for: names only, none hidden, nothing that leads up.
pub(super) fn relative(path: &str) -> Option<PathBuf> {
    let decoded = decoded(path.strip_prefix('/')?)?;
    let mut out = PathBuf::new();
    for part in decoded.split('/').filter(|p| !p.is_empty()) {
        if part.starts_with('.') || part.contains(['\0', '\\', ':']) {
            return None;
        }
        // What is one name here must be one to the system too.
        let mut components = Path::new(part).components();
        match (components.next(), components.next()) {
            (Some(Component::Normal(name)), None) => out.push(name),
            _ => return None,
        }
    }
    Some(out)
}

/// Without its percent signs; `None` if they are not followed by two digits, or if it is no UTF-8 then.
fn decoded(path: &str) -> Option<String> {
    let mut out = Vec::with_capacity(path.len());
    let mut bytes = path.bytes();
    while let Some(byte) = bytes.next() {
        out.push(match byte {
            b'%' => {
                let mut digit = || char::from(bytes.next()?).to_digit(16);
                u8::try_from(digit()? << 4 | digit()?).ok()?
            }
            other => other,
        });
    }
    String::from_utf8(out).ok()
}

/// As a URL's path, from the root.
fn encoded(path: &Path) -> String {
    use std::fmt::Write;
    let mut out = String::new();
    for component in path.components() {
        out.push('/');
        for byte in component.as_os_str().to_string_lossy().bytes() {
            match byte {
                b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => out.push(byte.into()),
                other => drop(write!(out, "%{other:02X}")),
            }
        }
    }
    out
}

/// A query as it stands in a URL.
fn asked(query: Option<&str>) -> String {
    query.map_or_else(String::new, |q| format!("?{q}"))
}

/// A file, piece by piece.
struct Pieces {
    file: File,
    left: u64,
    buffer: BytesMut,
}

impl Body for Pieces {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        let this = self.get_mut();
        if this.left == 0 {
            return Poll::Ready(None);
        }
        // A file that grows meanwhile is sent as long as it was.
        this.buffer.resize(usize::try_from(this.left).unwrap_or(PIECE).min(PIECE), 0);
        let mut into = ReadBuf::new(&mut this.buffer);
        ready!(Pin::new(&mut this.file).poll_read(cx, &mut into))?;
        let n = into.filled().len();
        if n == 0 {
            return Poll::Ready(Some(Err(io::ErrorKind::UnexpectedEof.into())));
        }
        this.left -= n as u64;
        Poll::Ready(Some(Ok(Frame::data(this.buffer.split_to(n).freeze()))))
    }

    fn is_end_stream(&self) -> bool {
        self.left == 0
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.left)
    }
}

/// A short answer in words.
pub(crate) fn plain(status: StatusCode, text: impl Into<Bytes>) -> Answer {
    let mut answer = Response::new(whole(text));
    *answer.status_mut() = status;
    answer.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    answer
}

/// A body that is there already.
pub(crate) fn whole(content: impl Into<Bytes>) -> BoxBody<Bytes, io::Error> {
    Full::new(content.into()).map_err(|never| match never {}).boxed()
}

/// A body without content.
pub(crate) fn empty() -> BoxBody<Bytes, io::Error> {
    whole(Bytes::new())
}

/// What a file's contents are, by the end of its name.
fn content_type(path: &Path) -> &'static str {
    let end = path.extension().map(|e| e.to_string_lossy().to_ascii_lowercase()).unwrap_or_default();
    match end.as_str() {
        "html" | "htm" => "text/html; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "js" | "mjs" => "text/javascript; charset=utf-8",
        "json" | "map" => "application/json",
        "txt" | "log" | "pem" | "toml" | "rs" => "text/plain; charset=utf-8",
        "md" => "text/markdown; charset=utf-8",
        "csv" => "text/csv; charset=utf-8",
        "xml" => "application/xml",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "jpg" | "jpeg" => "image/jpeg",
        "gif" => "image/gif",
        "webp" => "image/webp",
        "avif" => "image/avif",
        "ico" => "image/x-icon",
        "pdf" => "application/pdf",
        "wasm" => "application/wasm",
        "woff" => "font/woff",
        "woff2" => "font/woff2",
        "ttf" => "font/ttf",
        "mp3" => "audio/mpeg",
        "ogg" => "audio/ogg",
        "mp4" => "video/mp4",
        "webm" => "video/webm",
        "zip" => "application/zip",
        "gz" | "tgz" => "application/gzip",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_stay_inside() {
        let ok = |path: &str, wanted: &str| assert_eq!(relative(path), Some(PathBuf::from(wanted)), "{path}");
        ok("/", "");
        ok("/a/b.html", "a/b.html");
        ok("//a//b/", "a/b");
        ok("/a%20b", "a b");
        ok("/%C3%A4", "ä");
        for bad in [
            "",
            "a",
            "/..",
            "/../etc/passwd",
            "/a/../../b",
            "/%2e%2e/b",
            "/..%2fb",
            "/.git/config",
            "/.",
            "/a%00b",
            "/a\\b",
            "/c:/b",
            "/%zz",
            "/%2",
            "/%ff",
        ] {
            assert_eq!(relative(bad), None, "{bad}");
        }
        // An encoded slash parts names as any slash does.
        ok("/a%2Fb", "a/b");
        assert_eq!(encoded(Path::new("a b/ä")), "/a%20b/%C3%A4");
    }

    #[test]
    fn kinds_go_by_the_end_of_the_name() {
        assert_eq!(content_type(Path::new("x/INDEX.HTML")), "text/html; charset=utf-8");
        assert_eq!(content_type(Path::new("x")), "application/octet-stream");
    }
}
