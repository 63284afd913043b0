//! The page, and what belongs to it, as answers to requests. To make a page is work, and a page is large: so many are made at once as there are
//! processors, away from what serves connections; and a connection has one, however often it asks.

use super::asking::Asking;
use super::failures::{Failed, Failures};
use super::files::{self, Answer};
use super::page::{self, Classic, Page, Story};
use bytes::Bytes;
use handfast::ServerConfig;
use hyper::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderValue, LOCATION};
use hyper::{Response, StatusCode};
use std::future::pending;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, SystemTime};
use tokio::sync::{Mutex, OnceCell, Semaphore, watch};
use tokio::task::spawn_blocking;
use tokio::time::{Instant, sleep, sleep_until};

/// How long a connection that has shown its page waits for another request. Who loads the page again is to see another handshake.
const LINGER: Duration = Duration::from_secs(2);

/// How long before an answer it is said that the connection ends with it.
const AHEAD: Duration = Duration::from_millis(20);

const HTML: &str = "text/html; charset=utf-8";

/// What is the same for every visitor.
pub(super) struct Pages {
    failures: Failures,
    /// What stands beside each connection.
    classic: OnceCell<Classic>,
    /// How many more pages may be made at once.
    makers: Arc<Semaphore>,
}

impl Pages {
    pub(super) fn new() -> Self {
        let makers = Arc::new(Semaphore::new(thread::available_parallelism().map_or(1, Into::into)));
        Self { failures: Failures::default(), classic: OnceCell::new(), makers }
    }

    /// Keeps a connection that failed.
    pub(super) fn keep(&self, failed: Failed) {
        self.failures.keep(failed);
    }

    /// Makes what every page needs; waits until it is there.
    pub(super) async fn classic(&self) -> &Classic {
        let make = || async { spawn_blocking(Classic::new).await.unwrap_or_else(|_| Classic::none()) };
        self.classic.get_or_init(make).await
    }

    /// Makes a page once there is a processor for it; `None` if that went wrong.
    async fn made(&self, make: impl FnOnce() -> String + Send + 'static) -> Option<Bytes> {
        let place = self.makers.clone().acquire_owned().await.ok()?;
        let make = move || {
            let page = make();
            // Whoever asked may have gone; the place is taken as long as the work goes on.
            drop(place);
            page
        };
        spawn_blocking(make).await.ok().map(Bytes::from)
    }

    /// A page of what went wrong.
    async fn failures(&self, path: &str) -> Option<Bytes> {
        let rest = path.strip_prefix("/failures")?;
        if rest.is_empty() {
            let all = self.failures.all();
            return self.made(move || page::failures::list(&all, SystemTime::now())).await;
        }
        let failed = self.failures.find(rest.strip_prefix('/')?.parse().ok()?)?;
        self.made(move || page::failures::one(&failed)).await
    }
}

/// What is one visitor's.
pub(super) struct Own {
    story: Story,
    /// Whether they are on this machine.
    is_local: bool,
    /// What the connection was negotiated by.
    config: Arc<ServerConfig>,
    /// The page, and how far the story had come when it was made.
    page: Mutex<Option<(usize, Bytes)>>,
    /// When the connection has done its work, if it has shown its page.
    over: watch::Sender<Option<Instant>>,
}

impl Own {
    pub(super) fn new(story: Story, config: Arc<ServerConfig>, is_local: bool) -> Self {
        Self { story, is_local, config, page: Mutex::default(), over: watch::Sender::default() }
    }

    /// Waits until the connection has done its work.
    pub(super) fn over(&self) -> impl Future<Output = ()> + use<> {
        let moment = self.over.subscribe();
        passed(moment)
    }

    /// What is at this path.
    pub(super) async fn answer(&self, path: &str, pages: &Arc<Pages>, asking: &Asking) -> Answer {
        match path {
            "/" => {
                let page = self.page(pages, asking).await;
                // Once: who asks again and again does not stay for ever.
                self.over.send_if_modified(|over| over.is_none() && over.replace(Instant::now() + LINGER).is_none());
                page.map_or_else(not_made, own)
            }
            "/again" => self.again().await,
            _ => match (page::asset(path), self.is_local) {
                (Some(asset), _) => file(asset.content_type, asset.text),
                (None, true) => pages.failures(path).await.map_or_else(not_found, own),
                (None, false) => not_found(),
            },
        }
    }

    /// The page of this connection: made again only if there was more of a handshake.
    async fn page(&self, pages: &Arc<Pages>, asking: &Asking) -> Option<Bytes> {
        let mut page = self.page.lock().await;
        let now = self.story.told().handshake();
        if let Some((then, page)) = &*page
            && *then == now
        {
            return Some(page.clone());
        }
        pages.classic().await;
        let (story, config, is_local) = (self.story.clone(), self.config.clone(), self.is_local);
        let (negotiated, everyones) = (asking.negotiated(), pages.clone());
        let make = move || {
            let none = Classic::none();
            let classic = everyones.classic.get().unwrap_or(&none);
            Page { negotiated: &negotiated, story: &story, config: &config, classic, is_local }.html()
        };
        let made = pages.made(make).await?;
        *page = Some((now, made.clone()));
        Some(made)
    }

    /// Sends the visitor to a new connection.
    async fn again(&self) -> Answer {
        self.over.send_replace(Some(Instant::now()));
        // That it is over is to be heard before the answer, so that the next request goes elsewhere.
        sleep(AHEAD).await;
        let mut answer = files::plain(StatusCode::SEE_OTHER, "Over a new connection.\n");
        answer.headers_mut().insert(LOCATION, HeaderValue::from_static("/"));
        answer.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        answer
    }
}

fn not_found() -> Answer {
    files::plain(StatusCode::NOT_FOUND, "Not found.\n")
}

fn not_made() -> Answer {
    files::plain(StatusCode::INTERNAL_SERVER_ERROR, "The page could not be made.\n")
}

/// A file that is the same for everyone.
fn file(content_type: &'static str, text: &'static str) -> Answer {
    let mut answer = Response::new(files::whole(text));
    let headers = answer.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    answer
}

/// A page that is one visitor's only, and that nobody keeps.
fn own(page: Bytes) -> Answer {
    let mut answer = file(HTML, "").map(|_| files::whole(page));
    let headers = answer.headers_mut();
    headers.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(page::POLICY));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    answer
}

/// Waits for a moment that may be set later, or set anew.
async fn passed(mut moment: watch::Receiver<Option<Instant>>) {
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
