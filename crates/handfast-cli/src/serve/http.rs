//! What is answered to a request.

use super::asking::{Asking, Guard, Refusal};
use super::files::{self, Answer, Folder};
use super::lent::Lent;
use super::pages::{Own, Pages};
use http_body_util::BodyExt;
use hyper::body::{Body, Incoming};
use hyper::header::{ALLOW, CONTENT_LENGTH, HeaderValue, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS};
use hyper::http::request::Parts;
use hyper::service::service_fn;
use hyper::{Method, Request, StatusCode};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use std::convert::Infallible;
use std::error::Error;
use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};
use tokio::sync::watch;
use tokio::time::timeout;

/// How long a client may take over a request's head, and be idle between two.
const HEAD: Duration = Duration::from_secs(60);

/// How long a client may go on sending what nobody wants.
const UNWANTED: Duration = Duration::from_secs(10);

/// How many requests a client may have at once, and how much of each answer waits for it to read.
const AT_ONCE: u32 = 100;
const WAITING: usize = 32 << 10;

/// How long a client may take to read its page, once nothing else is to be had.
const LEAVING: Duration = Duration::from_secs(30);

/// How long a client may take to hear that it is over.
const FAREWELL: Duration = Duration::from_secs(2);

/// What is served, to everyone.
pub(super) struct Site {
    content: Content,
    /// What clients are asked for a certificate for.
    guard: Option<Guard>,
}

/// What there is to be had.
pub(super) enum Content {
    Folder(Folder),
    /// Each visitor's own connection.
    Pages(Arc<Pages>),
}

impl Site {
    /// A folder, or the page; some of it behind a guard.
    pub(super) fn new(folder: Option<Folder>, guard: Option<Guard>) -> Self {
        let content = folder.map_or_else(|| Content::Pages(Arc::new(Pages::new())), Content::Folder);
        Self { content, guard }
    }

    /// Of the page, what is the same for everyone, if there is a page.
    pub(super) fn pages(&self) -> Option<&Arc<Pages>> {
        match &self.content {
            Content::Folder(_) => None,
            Content::Pages(pages) => Some(pages),
        }
    }

    /// Whether clients are asked for a certificate only when they want something for which one is needed.
    pub(super) fn is_guarded(&self) -> bool {
        self.guard.is_some()
    }
}

/// One connection's requests.
#[derive(Clone)]
pub(super) struct Visit {
    pub(super) site: Arc<Site>,
    /// The application protocol.
    pub(super) alpn: Option<Vec<u8>>,
    pub(super) asking: Arc<Asking>,
    pub(super) own: Arc<Own>,
}

impl Visit {
    /// Serves until either side has enough; `ending` says when we have.
    ///
    /// # Errors
    /// What ended TLS, if that ended it.
    pub(super) async fn serve<IO>(self, io: IO, mut ending: watch::Receiver<bool>) -> Result<(), handfast::Error>
    where
        IO: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let mut builder = auto::Builder::new(TokioExecutor::new());
        builder.http1().timer(TokioTimer::new()).header_read_timeout(HEAD);
        let mut h2 = builder.http2();
        h2.timer(TokioTimer::new()).keep_alive_interval(HEAD);
        h2.max_concurrent_streams(AT_ONCE).max_send_buf_size(WAITING);
        let builder = match self.alpn.as_deref() {
            Some(b"h2") => builder.http2_only(),
            _ => builder.http1_only(),
        };
        let over = self.own.over();
        let service = service_fn(move |request| {
            let visit = self.clone();
            async move { Ok::<_, Infallible>(visit.answer(request).await) }
        });
        let mut stream = Lent::new(io);
        let mut going = pin!(builder.serve_connection(TokioIo::new(stream.again()), service));
        let done = tokio::select! {
            done = going.as_mut() => done,
            () = super::ended(&mut ending) => {
                going.as_mut().graceful_shutdown();
                going.await
            }
            () = over => {
                going.as_mut().graceful_shutdown();
                timeout(LEAVING, going).await.unwrap_or(Ok(()))
            }
        };
        // A client that was idle too long, or spoke nonsense, is owed a close_notify: nothing was cut off. An answer that broke in
        // its middle was.
        let broke = |e: &(dyn Error + 'static)| e.downcast_ref::<hyper::Error>().is_some_and(hyper::Error::is_user);
        if !done.as_ref().is_err_and(|e| broke(&**e)) {
            let _ = timeout(FAREWELL, stream.shutdown()).await;
        }
        match done {
            Ok(()) => Ok(()),
            Err(error) => cause(&*error).map_or(Ok(()), |e| Err(e.clone())),
        }
    }

    async fn answer(&self, request: Request<Incoming>) -> Answer {
        let (request, body) = request.into_parts();
        discard(body).await;
        self.asking.tell_news();
        let path = request.uri.path();
        let allowed = match &self.site.guard {
            Some(guard) if guard.covers(path) => self.asking.ask().await,
            _ => Ok(()),
        };
        let mut answer = match allowed {
            Ok(()) => self.find(&request).await,
            Err(Refusal { status, why }) => {
                files::plain(StatusCode::from_u16(status).unwrap_or(StatusCode::FORBIDDEN), why + "\n")
            }
        };
        let length = answer.body().size_hint().exact();
        let headers = answer.headers_mut();
        headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
        headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
        if let Some(length) = length {
            headers.insert(CONTENT_LENGTH, length.into());
        }
        match request.method {
            Method::HEAD => answer.map(|_| files::empty()),
            _ => answer,
        }
    }

    /// What is asked for.
    async fn find(&self, request: &Parts) -> Answer {
        let path = request.uri.path();
        match (&request.method, &self.site.content) {
            (&Method::GET | &Method::HEAD, Content::Folder(folder)) => folder.get(path, request.uri.query()).await,
            (&Method::GET | &Method::HEAD, Content::Pages(pages)) => self.own.answer(path, pages, &self.asking).await,
            _ => {
                let mut answer = files::plain(StatusCode::METHOD_NOT_ALLOWED, "GET and HEAD only.\n");
                answer.headers_mut().insert(ALLOW, HeaderValue::from_static("GET, HEAD"));
                answer
            }
        }
    }
}

/// Takes what a client sends that we have no use for: one that is still sending does not hear the answer. Not for ever.
async fn discard(mut body: Incoming) {
    const MOST: usize = 64 << 20;
    let taken = async {
        let mut left = MOST;
        while let Some(Ok(frame)) = body.frame().await {
            let n = frame.data_ref().map_or(0, |d| d.len());
            left = left.checked_sub(n)?;
        }
        Some(())
    };
    let _ = timeout(UNWANTED, taken).await;
}

/// The error of ours that an I/O error has inside.
pub(super) fn tls_error(error: &io::Error) -> Option<&handfast::Error> {
    error.get_ref().and_then(|e| e.downcast_ref())
}

/// The error of ours at the bottom of an error of hyper's.
fn cause<'e>(error: &'e (dyn Error + 'static)) -> Option<&'e handfast::Error> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(found) = error.downcast_ref::<io::Error>().and_then(tls_error) {
            return Some(found);
        }
        next = error.source();
    }
    None
}
