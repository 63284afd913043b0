//! `--renegotiate PATH`: clients are asked who they are only when they want what is there. Up to TLS 1.2 by a second handshake, as old
//! servers do; in TLS 1.3 by authentication after the handshake (RFC 9846 4.7.2).

use super::files;
use super::lent::Lent;
use crate::events::{Connection, Event, Teller};
use handfast::wire::numbers::ProtocolVersion;
use handfast::{ClientAuth, ErrorKind, Negotiated, ServerConfig, Time};
use handfast_tokio::TlsStream;
use std::future::poll_fn;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::time::timeout;

/// How long a client has to say who it is: somebody may have to choose a certificate.
const ANSWER: Duration = Duration::from_secs(60);

/// TLS over a socket.
pub(super) type Tls = TlsStream<Lent<TcpStream>>;

/// What is had only by whom we know: all at a path, and below it.
#[derive(Clone)]
pub(super) struct Guard(PathBuf);

impl Guard {
    /// What is at this path of a URL; `None` if nothing can be.
    pub(super) fn of(path: &str) -> Option<Self> {
        files::relative(path).map(Self)
    }

    /// Whether this path of a URL is one of them. Paths that lead nowhere are not.
    pub(super) fn covers(&self, path: &str) -> bool {
        files::relative(path).is_some_and(|path| path.starts_with(&self.0))
    }

    /// A config whose first handshake asks nobody; and whom clients are judged by later.
    pub(super) fn part(config: &ServerConfig) -> (Arc<ServerConfig>, ClientAuth) {
        let mut config = config.clone();
        let auth = std::mem::take(&mut config.client_auth);
        (Arc::new(config), auth)
    }
}

/// Why somebody may not have something.
pub(super) struct Refusal {
    /// Of HTTP.
    pub(super) status: u16,
    pub(super) why: String,
}

/// One connection, whose client can be asked.
pub(super) struct Asking {
    tls: Lent<Tls>,
    auth: ClientAuth,
    teller: Teller,
    connection: Connection,
    /// The handshakes that were told of.
    told: AtomicU32,
}

impl Asking {
    /// Of a connection whose first handshake is told of by others.
    pub(super) fn new(tls: Lent<Tls>, auth: ClientAuth, teller: Teller, connection: Connection) -> Self {
        Self { tls, auth, teller, connection, told: AtomicU32::new(1) }
    }

    /// What is agreed now.
    pub(super) fn negotiated(&self) -> Negotiated {
        self.tls.stream().connection().negotiated().clone()
    }

    /// Whether there was a second handshake that was not told of; tells it.
    pub(super) fn tell_news(&self) {
        let handshakes = self.tls.stream().connection().handshakes();
        if self.told.fetch_max(handshakes, Ordering::Relaxed) < handshakes {
            self.teller.tell(Some(self.connection), &Event::Renegotiated { negotiated: &self.negotiated() });
        }
    }

    /// Asks the client who it is, unless it has said so.
    ///
    /// # Errors
    /// Why it may not have what it wants.
    pub(super) async fn ask(&self) -> Result<(), Refusal> {
        if !self.tls.stream().connection().is_connected() {
            // RFC 8470 5.2
            return Err(Refusal { status: 425, why: "It is too early for this: ask again.".into() });
        }
        self.ask_now().await.map_err(|why| Refusal { status: 403, why })
    }

    async fn ask_now(&self) -> Result<(), String> {
        let (auth, must) = match &self.auth {
            // Who has none is told so in words.
            ClientAuth::Required(verifier) => (ClientAuth::Optional(verifier.clone()), true),
            other => (other.clone(), false),
        };
        if !is_known(&self.negotiated())
            && let Err(why) = self.hear(auth).await
            && must
        {
            return Err(why);
        }
        match must && !is_known(&self.negotiated()) {
            true => Err("A client certificate is needed here, and none was shown.".into()),
            false => Ok(()),
        }
    }

    /// Asks, and waits for the answer.
    async fn hear(&self, auth: ClientAuth) -> Result<(), String> {
        let tls13 = self.negotiated().version == Some(ProtocolVersion::TLS1_3);
        let asked = {
            let mut tls = self.tls.stream();
            let connection = tls.connection_mut();
            match tls13 {
                true => connection.request_client_certificate(auth, Time::now()).map(drop),
                false => connection.renegotiate_with(auth, Time::now()),
            }
        };
        asked.map_err(|error| match error.kind() {
            ErrorKind::Misuse(why) => format!("A client certificate is needed here, and cannot be asked for: {why}."),
            _ => error.to_string(),
        })?;
        let heard = |c: &handfast::Connection| !c.awaits_renegotiation() && c.open_certificate_requests() == 0;
        let done = timeout(ANSWER, poll_fn(|cx| self.tls.stream().poll_until(cx, heard))).await;
        match done {
            Err(_) => Err("A client certificate is needed here, and the client does not answer.".into()),
            Ok(Err(error)) => Err(error.to_string()),
            Ok(Ok(())) => {
                self.tell_news();
                if tls13 {
                    let negotiated = &self.negotiated();
                    self.teller.tell(Some(self.connection), &Event::ClientCertificate { negotiated });
                }
                Ok(())
            }
        }
    }
}

fn is_known(negotiated: &Negotiated) -> bool {
    !negotiated.peer_chain.is_empty() || negotiated.peer_raw_key.is_some()
}

#[cfg(test)]
mod tests {
    use super::Guard;

    #[test]
    fn a_guard_covers_what_is_below_however_it_is_written() {
        let guard = Guard::of("/secret").expect("a path");
        for covered in ["/secret", "/secret/", "/secret/a", "//secret", "/%73ecret", "/secret//b/c"] {
            assert!(guard.covers(covered), "{covered}");
        }
        for other in ["/", "/secrets", "/a/secret", "/x", "/secret/../x", "secret", "/secret/.x"] {
            assert!(!guard.covers(other), "{other}");
        }
        let all = Guard::of("/").expect("a path");
        assert!(all.covers("/") && all.covers("/any/where"));
        assert!(Guard::of("secret").is_none() && Guard::of("/../x").is_none());
    }
}
