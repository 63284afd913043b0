//! What is answered to a request.

use super::asking::{Asking, Guard, Refusal};
use super::failures::{Failed, Failures};
use super::files::{self, Answer, Folder};
use super::lent::Lent;
use super::page::{self, Classic, Page, Story};
use handfast::ServerConfig;
use http_body_util::BodyExt;
use hyper::body::{Body, Incoming};
use hyper::header::{
    ALLOW, CACHE_CONTROL, CONTENT_LENGTH, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderValue, LOCATION,
    REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
};
use hyper::http::request::Parts;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use std::convert::Infallible;
use std::error::Error;
use std::future::pending;
use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::time::{Duration, SystemTime};
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};
use tokio::sync::{OnceCell, watch};
use tokio::time::{Instant, sleep, sleep_until, timeout};

/// How long a client may take over a request's head, and be idle between two.
const HEAD: Duration = Duration::from_secs(60);

/// How long a client may go on sending what nobody wants.
const UNWANTED: Duration = Duration::from_secs(10);

/// How long a connection that has shown its page waits for another request. Who loads the page again is to see another handshake.
const LINGER: Duration = Duration::from_secs(2);

/// How long before an answer it is said that the connection ends with it.
const AHEAD: Duration = Duration::from_millis(20);

/// How long a client may take to hear that it is over.
const FAREWELL: Duration = Duration::from_secs(2);

/// What is served, to everyone.
pub(super) struct Site {
    folder: Option<Folder>,
    /// What clients are asked for a certificate for.
    guard: Option<Guard>,
    /// Of the page: the connections that failed last.
    failures: Option<Failures>,
    /// What the page has beside each connection.
    classic: OnceCell<Classic>,
}

impl Site {
    /// A folder, or the page; some of it behind a guard.
    pub(super) fn new(folder: Option<Folder>, guard: Option<Guard>) -> Self {
        let failures = folder.is_none().then(Failures::default);
        Self { folder, guard, failures, classic: OnceCell::new() }
    }

    /// Keeps a connection that failed, if there is a page that shows it.
    pub(super) fn keep(&self, failed: impl FnOnce() -> Failed) {
        if let Some(failures) = &self.failures {
            failures.keep(failed());
        }
    }

    /// Makes what the page needs, if there is a page.
    pub(super) async fn prepare(&self) {
        if self.folder.is_none() {
            self.classic().await;
        }
    }

    async fn classic(&self) -> &Classic {
        let make = || async { tokio::task::spawn_blocking(Classic::new).await.unwrap_or_else(|_| Classic::none()) };
        self.classic.get_or_init(make).await
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
    pub(super) story: Story,
    /// Whether the client is on this machine.
    pub(super) is_local: bool,
    /// What the connection was negotiated by.
    pub(super) config: Arc<ServerConfig>,
    /// When the connection has done its work, if it has shown its page.
    pub(super) over: Arc<watch::Sender<Option<Instant>>>,
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
        builder.http2().timer(TokioTimer::new()).keep_alive_interval(HEAD);
        let builder = match self.alpn.as_deref() {
            Some(b"h2") => builder.http2_only(),
            _ => builder.http1_only(),
        };
        let mut over = self.over.subscribe();
        let service = service_fn(move |request| {
            let visit = self.clone();
            async move { Ok::<_, Infallible>(visit.answer(request).await) }
        });
        let mut stream = Lent::new(io);
        let mut going = pin!(builder.serve_connection(TokioIo::new(stream.again()), service));
        let done = tokio::select! {
            done = going.as_mut() => done,
            () = async { tokio::select! { () = super::ended(&mut ending) => {} () = passed(&mut over) => {} } } => {
                going.as_mut().graceful_shutdown();
                going.await
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
        match (&request.method, &self.site.folder) {
            (&Method::GET | &Method::HEAD, Some(folder)) => folder.get(path, request.uri.query()).await,
            (&Method::GET | &Method::HEAD, None) => self.beside(path).await,
            _ => {
                let mut answer = files::plain(StatusCode::METHOD_NOT_ALLOWED, "GET and HEAD only.\n");
                answer.headers_mut().insert(ALLOW, HeaderValue::from_static("GET, HEAD"));
                answer
            }
        }
    }

    /// The page, and what belongs to it.
    async fn beside(&self, path: &str) -> Answer {
        match path {
            "/" => {
                self.over.send_replace(Some(Instant::now() + LINGER));
                let (negotiated, classic) = (self.asking.negotiated(), self.site.classic().await);
                let (story, config, is_local) = (&self.story, &self.config, self.is_local);
                let page = Page { negotiated: &negotiated, story, config, classic, is_local };
                self.own(page.html(), "text/html; charset=utf-8")
            }
            "/again" => {
                self.over.send_replace(Some(Instant::now()));
                // That it is over is to be heard before the answer, so that the next request goes elsewhere.
                sleep(AHEAD).await;
                let mut answer = files::plain(StatusCode::SEE_OTHER, "Over a new connection.\n");
                answer.headers_mut().insert(LOCATION, HeaderValue::from_static("/"));
                answer.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
                answer
            }
            _ => match (self.failures(path), page::asset(path)) {
                (Some(page), _) => self.own(page, "text/html; charset=utf-8"),
                (None, Some(asset)) => {
                    let mut answer = Response::new(files::whole(asset.text));
                    let headers = answer.headers_mut();
                    headers.insert(CONTENT_TYPE, HeaderValue::from_static(asset.content_type));
                    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
                    answer
                }
                (None, None) => files::plain(StatusCode::NOT_FOUND, "Not found.\n"),
            },
        }
    }

    /// A page of what went wrong, for visitors on this machine.
    fn failures(&self, path: &str) -> Option<String> {
        let failures = self.site.failures.as_ref().filter(|_| self.is_local)?;
        match path.strip_prefix("/failures")? {
            "" => Some(page::failures::list(&failures.all(), SystemTime::now())),
            rest => failures.find(rest.strip_prefix('/')?.parse().ok()?).map(|failed| page::failures::one(&failed)),
        }
    }

    /// What is of this connection only, and nobody keeps.
    fn own(&self, text: String, content_type: &'static str) -> Answer {
        let mut answer = Response::new(files::whole(text));
        let headers = answer.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
        headers.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(page::POLICY));
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        answer
    }
}

/// Waits for a moment that may be set later, or set anew.
async fn passed(moment: &mut watch::Receiver<Option<Instant>>) {
    loop {
        let at = *moment.borrow_and_update();
        let wait = async {
            match at {
                Some(at) => sleep_until(at).await,
                None => pending().await,
            }
        };
        tokio::select! {
            () = wait => return,
            changed = moment.changed() => if changed.is_err() { pending().await },
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
