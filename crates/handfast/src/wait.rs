//! Questions and answers: how anything in the config that decides may take its time.
//!
//! A state asks a [`Wait`]. The engine first lets the config answer at once; if it says [`Reply::Later`], the connection
//! parks, hands the `Wait` out, and goes on when it is handed the [`Answer`]. Either way the answer comes to the state as
//! the same row of its table.

use crate::Time;
use crate::config::{ConfigSource, ServerConfig};
use crate::crypto::{Failure, PrivateKey};
use crate::keys::Secret;
use crate::psk::{ClientPsks, ExternalPsk, ServerPsks};
use crate::session::{ClientStore, EarlyHello, Remembered, ReplayStore, ServerStore, SessionKey, Tickets};
use crate::verify::{CertificateError, PeerToVerify, RawKeyToVerify, Verified, Verifier};
use crate::wire::CipherSuite;
use crate::wire::numbers::{CertificateType, NamedGroup, ProtocolVersion, SignatureScheme};
use rustls_pki_types::ServerName;
use std::sync::Arc;

/// What a part of the config says when it is asked.
#[derive(Debug)]
pub enum Reply<T> {
    /// This.
    Now(T),
    /// The answer will come by [`crate::Connection::answer`].
    Later,
}

/// What a client said of itself, owned: by this a config is chosen.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HelloSummary {
    /// The name it asks for.
    pub server_name: Option<String>,
    /// Its application protocols (ALPN), the first 128.
    pub alpn: Vec<Vec<u8>>,
    /// Its versions.
    pub versions: Vec<ProtocolVersion>,
    /// Its suites: cipher_suites.
    pub suites: Vec<CipherSuite>,
    /// Its groups: supported_groups.
    pub groups: Vec<NamedGroup>,
    /// The signatures that it can verify: signature_algorithms.
    pub schemes: Vec<SignatureScheme>,
    /// Those that it can verify in certificates, if it says that they are others (signature_algorithms_cert, RFC 9846 4.3.3).
    pub cert_schemes: Option<Vec<SignatureScheme>>,
    /// The authorities that it would like a certificate of, as DER names: certificate_authorities (RFC 9846 4.3.4), the first 512; empty:
    /// any.
    pub authorities: Vec<Vec<u8>>,
    /// Whether it would like an OCSP response with the certificate (RFC 6066 8).
    pub ocsp: bool,
    /// Whether it would like signed certificate timestamps (RFC 6962 3.3.1).
    pub scts: bool,
    /// What it can judge of a server, best first (RFC 7250); empty if it does not say, which is X.509.
    pub server_certificate_types: Vec<CertificateType>,
    /// What it can show if it is asked, best first (RFC 7250); empty if it does not say, which is X.509.
    pub client_certificate_types: Vec<CertificateType>,
    /// Whether it came in SSL 2.0's form (RFC 5246 E.2).
    pub sslv2: bool,
    /// The whole message, header included; of one in SSL 2.0's form, the ClientHello that means the same.
    pub raw: Vec<u8>,
}

impl HelloSummary {
    /// The signatures that it can verify in certificates.
    pub fn in_certificates(&self) -> &[SignatureScheme] {
        self.cert_schemes.as_ref().unwrap_or(&self.schemes)
    }
}

/// A question, owned and `Send`: what the connection is parked on.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Wait {
    /// Sign `message` with `key`. [`Answer::Signature`]
    Signature {
        /// Whose key.
        key: Arc<dyn PrivateKey>,
        /// How.
        scheme: SignatureScheme,
        /// What, before hashing.
        message: Vec<u8>,
    },
    /// Decrypt and unwrap a premaster secret. [`Answer::Premaster`]
    Premaster {
        /// Whose key.
        key: Arc<dyn PrivateKey>,
        /// The ciphertext.
        encrypted: Vec<u8>,
        /// The version that must stand inside.
        client_version: u16,
        /// What to give on any fault.
        fallback: Secret,
    },
    /// Judge the peer's chain. [`Answer::Verdict`]
    Verdict {
        /// Who judges.
        verifier: Arc<dyn Verifier>,
        /// Whom.
        peer: Box<PeerToVerify>,
    },
    /// Judge the peer's raw public key (RFC 7250). [`Answer::Verdict`]
    RawKeyVerdict {
        /// Who judges.
        verifier: Arc<dyn Verifier>,
        /// Whom.
        peer: Box<RawKeyToVerify>,
    },
    /// Choose the config for this client. [`Answer::Config`]
    Config {
        /// Who chooses.
        source: Arc<dyn ConfigSource>,
        /// For whom.
        hello: Box<HelloSummary>,
    },
    /// What is remembered of this server: a session, a group. [`Answer::ClientSession`]
    ClientSession {
        /// By whom.
        store: Arc<dyn ClientStore>,
        /// Under what.
        key: SessionKey,
    },
    /// A client's external PSKs for this server. [`Answer::Psks`]
    OfferPsks {
        /// Who has them.
        psks: Arc<dyn ClientPsks>,
        /// For which server.
        server: ServerName<'static>,
        /// The server's hint (RFC 4279 5.2), which there is none of before a ClientHello.
        hint: Option<Vec<u8>>,
    },
    /// Find the external PSK that a client names. [`Answer::Psk`]
    FindPsk {
        /// Who has them.
        psks: Arc<dyn ServerPsks>,
        /// Its name.
        identity: Vec<u8>,
        /// The context, if the client has imported it (RFC 9258).
        context: Option<Vec<u8>>,
    },
    /// Open a ticket. [`Answer::Session`]
    OpenTicket {
        /// Who can.
        tickets: Arc<dyn Tickets>,
        /// The ticket.
        ticket: Vec<u8>,
    },
    /// Seal a ticket. [`Answer::Ticket`]
    SealTicket {
        /// Who can.
        tickets: Arc<dyn Tickets>,
        /// What the server wants to find in it again.
        session: Secret,
    },
    /// Whether early data may be taken with this ticket: it comes for the first time. [`Answer::FirstUse`]
    FirstUse {
        /// Who remembers.
        store: Arc<dyn ReplayStore>,
        /// What came.
        hello: EarlyHello,
    },
    /// Find a session by its ID. [`Answer::Session`]
    FindSession {
        /// Where.
        store: Arc<dyn ServerStore>,
        /// The ID.
        id: Vec<u8>,
    },
    /// Keep a session under its ID. [`Answer::Kept`]
    KeepSession {
        /// Where.
        store: Arc<dyn ServerStore>,
        /// The ID.
        id: Vec<u8>,
        /// What the server wants to find again.
        session: Secret,
    },
}

/// An answer to the [`Wait`] of the same name.
#[derive(Debug)]
#[non_exhaustive]
pub enum Answer {
    /// The signature.
    Signature(Result<Vec<u8>, Failure>),
    /// The premaster secret, 48 bytes; or, on any fault, the fallback.
    Premaster(Result<Secret, Failure>),
    /// The verdict.
    Verdict(Result<Verified, CertificateError>),
    /// The config; `None` refuses the client with `unrecognized_name`.
    Config(Option<Arc<ServerConfig>>),
    /// What a client remembers of the server.
    ClientSession(Remembered),
    /// The PSKs to offer, best first.
    Psks(Vec<ExternalPsk>),
    /// The PSK, if it is known.
    Psk(Option<ExternalPsk>),
    /// What was in the ticket, or under the ID; `None` if it is unknown, too old or forged.
    Session(Option<Secret>),
    /// Whether it comes for the first time; `false` refuses early data, and the handshake goes on.
    FirstUse(bool),
    /// The ticket and for how many seconds it will open; `None` if there shall be none.
    Ticket(Option<(Vec<u8>, u32)>),
    /// Whether the session was kept.
    Kept(bool),
}

impl Wait {
    /// Asks the config; `None` if the answer will come later.
    pub(crate) fn ask(&self, now: Time) -> Option<Answer> {
        fn now_or<T>(reply: Reply<T>, answer: impl FnOnce(T) -> Answer) -> Option<Answer> {
            match reply {
                Reply::Now(value) => Some(answer(value)),
                Reply::Later => None,
            }
        }
        match self {
            Self::Signature { key, scheme, message } => now_or(key.sign(*scheme, message), Answer::Signature),
            Self::Premaster { key, encrypted, client_version, fallback } => {
                now_or(key.premaster(encrypted, *client_version, fallback), Answer::Premaster)
            }
            Self::Verdict { verifier, peer } => now_or(verifier.verify(peer, now), Answer::Verdict),
            Self::RawKeyVerdict { verifier, peer } => now_or(verifier.verify_raw_key(peer, now), Answer::Verdict),
            Self::Config { source, hello } => now_or(source.choose(hello), Answer::Config),
            Self::ClientSession { store, key } => now_or(store.take(key, now), Answer::ClientSession),
            Self::OfferPsks { psks, server, hint } => now_or(psks.offer(server, hint.as_deref()), Answer::Psks),
            Self::FindPsk { psks, identity, context } => now_or(psks.find(identity, context.as_deref()), Answer::Psk),
            Self::OpenTicket { tickets, ticket } => now_or(tickets.open(ticket, now), Answer::Session),
            Self::SealTicket { tickets, session } => now_or(tickets.seal(session, now), Answer::Ticket),
            Self::FirstUse { store, hello } => now_or(store.first_use(hello, now), Answer::FirstUse),
            Self::FindSession { store, id } => now_or(store.find(id, now), Answer::Session),
            Self::KeepSession { store, id, session } => now_or(store.keep(id, session, now), Answer::Kept),
        }
    }

    /// Whether this answer is one to this question.
    pub(crate) fn fits(&self, answer: &Answer) -> bool {
        matches!(
            (self, answer),
            (Self::Signature { .. }, Answer::Signature(_))
                | (Self::Premaster { .. }, Answer::Premaster(_))
                | (Self::Verdict { .. } | Self::RawKeyVerdict { .. }, Answer::Verdict(_))
                | (Self::Config { .. }, Answer::Config(_))
                | (Self::ClientSession { .. }, Answer::ClientSession(_))
                | (Self::OfferPsks { .. }, Answer::Psks(_))
                | (Self::FindPsk { .. }, Answer::Psk(_))
                | (Self::OpenTicket { .. } | Self::FindSession { .. }, Answer::Session(_))
                | (Self::SealTicket { .. }, Answer::Ticket(_))
                | (Self::FirstUse { .. }, Answer::FirstUse(_))
                | (Self::KeepSession { .. }, Answer::Kept(_))
        )
    }
}
