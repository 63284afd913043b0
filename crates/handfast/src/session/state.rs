//! What is remembered of a session, and its form in bytes: what a ticket holds, and what a client keeps in a file.
//!
//! All lengths are checked when the bytes are read, and other forms are refused: what comes back may be of an older build, or
//! forged where the one who kept it did not seal it.

use crate::Time;
use crate::config::{ClientAuth, ServerConfig};
use crate::keys::Secret;
use crate::psk::PskMark;
use crate::trace::{By, Verdict};
use crate::verify::CertificateRules;
use crate::wire::numbers::{NamedGroup, ProtocolVersion};
use crate::wire::{CipherSuite, Malformed, Problem, Reader, Wire, Writer};
use rustls_pki_types::{CertificateDer, SubjectPublicKeyInfoDer};
use sha2::{Digest, Sha256};
use std::time::Duration;

/// The longest that a TLS 1.3 session may be used: seven days (RFC 9846 4.7.1).
const MAX_LIFETIME: u32 = 7 * 24 * 3600;
/// The longest that a classic session may be used: a day (RFC 5246 F.1.4).
const MAX_CLASSIC_LIFETIME: u32 = 24 * 3600;

/// What a client remembers of a session.
#[derive(Clone, Debug)]
pub struct ClientSession {
    /// The version, which must be agreed again.
    pub version: ProtocolVersion,
    /// The suite.
    pub suite: CipherSuite,
    /// When it was kept.
    pub since: Time,
    /// When the server's chain was judged: at the full handshake that all resumptions since go back to. A week later it has to be
    /// judged anew, however fresh the session itself (RFC 9846 4.7.1).
    pub judged: Time,
    /// For how many seconds it may be used. 0 in a classic session: the server did not say (RFC 5077 3.3).
    pub lifetime: u32,
    /// The server's chain, judged when the session was made.
    pub chain: Vec<CertificateDer<'static>>,
    /// By which rules: a client of stricter ones does not resume the session, since nothing is judged anew then.
    pub rules: CertificateRules,
    /// The external pre-shared key that the server was authenticated by instead, if it was.
    pub psk_identity: Option<Vec<u8>>,
    /// Or its raw public key, a SubjectPublicKeyInfo in DER (RFC 7250), judged then, too.
    pub raw_key: Option<SubjectPublicKeyInfoDer<'static>>,
    /// The application protocol.
    pub alpn: Option<Vec<u8>>,
    /// What differs between the families.
    pub kind: ClientSessionKind,
}

impl ClientSession {
    /// The group of the handshake that it was made in, if it is one of TLS 1.3.
    pub(crate) fn group(&self) -> Option<NamedGroup> {
        match &self.kind {
            ClientSessionKind::Classic(_) => None,
            ClientSessionKind::Tls13(s) => s.group,
        }
    }

    /// By what it is offered.
    pub(crate) fn by(&self) -> By {
        match &self.kind {
            ClientSessionKind::Classic(s) if s.ticket.is_empty() => By::SessionId,
            ClientSessionKind::Classic(_) => By::Ticket,
            ClientSessionKind::Tls13(_) => By::Psk,
        }
    }

    /// The ticket; empty if the session has an ID instead.
    pub(crate) fn ticket(&self) -> &[u8] {
        match &self.kind {
            ClientSessionKind::Classic(s) => &s.ticket,
            ClientSessionKind::Tls13(s) => &s.ticket,
        }
    }
}

/// The two families' forms.
#[derive(Clone, Debug)]
pub enum ClientSessionKind {
    /// TLS 1.2 and older.
    Classic(ClassicClientSession),
    /// TLS 1.3.
    Tls13(ClientSession13),
}

/// TLS 1.2 and older.
#[derive(Clone, Debug)]
pub struct ClassicClientSession {
    /// The ID, if the server gave one.
    pub id: Vec<u8>,
    /// The ticket, if the server gave one.
    pub ticket: Vec<u8>,
    /// The master secret.
    pub master: Secret,
    /// Whether it is an extended one, which must not change (RFC 7627 5.3).
    pub extended_master_secret: bool,
    /// Whether records were protected by encrypt-then-MAC (RFC 7366), which must not be lost.
    pub encrypt_then_mac: bool,
}

/// TLS 1.3.
#[derive(Clone, Debug)]
pub struct ClientSession13 {
    /// The ticket.
    pub ticket: Vec<u8>,
    /// The key that stands behind it.
    pub psk: Secret,
    /// Hides the ticket's age on the wire.
    pub age_add: u32,
    /// The group of the first handshake: a good guess for the next.
    pub group: Option<NamedGroup>,
    /// The name that the server was asked for.
    pub server_name: Option<String>,
    /// How many bytes of early data the server takes with it (RFC 9846 4.7.1); 0: none.
    pub max_early_data: u32,
}

/// What a server finds in a ticket or under an ID.
#[derive(Clone, Debug)]
pub(crate) struct ServerSession {
    pub(crate) version: ProtocolVersion,
    pub(crate) suite: CipherSuite,
    pub(crate) since: Time,
    pub(crate) lifetime: u32,
    /// The name that the client had asked for: a session is good for that name only.
    pub(crate) server_name: Option<String>,
    pub(crate) alpn: Option<Vec<u8>>,
    /// The client's chain, if it gave one.
    pub(crate) chain: Vec<CertificateDer<'static>>,
    /// The external pre-shared key that the client was authenticated by instead, if it was.
    pub(crate) psk_identity: Option<Vec<u8>>,
    /// By which that key is told from another of its name.
    pub(crate) psk: Option<PskMark>,
    /// Or its raw public key (RFC 7250).
    pub(crate) raw_key: Option<SubjectPublicKeyInfoDer<'static>>,
    pub(crate) kind: ServerSessionKind,
    /// Ties it to the config that made it (what it asks of clients): another config does not take it.
    pub(crate) context: [u8; 32],
}

/// The two families' forms.
#[derive(Clone, Debug)]
pub(crate) enum ServerSessionKind {
    Classic {
        master: Secret,
        extended_master_secret: bool,
        encrypt_then_mac: bool,
    },
    /// `issued` is when the ticket was made, `max_early_data` how much early data is taken with it.
    Tls13 {
        psk: Secret,
        age_add: u32,
        issued: Time,
        max_early_data: u32,
    },
}

// The first byte of each form. A change of a form takes a new number.
const CLIENT_CLASSIC: u8 = 0x19;
const CLIENT_13: u8 = 0x1a;
const SERVER_CLASSIC: u8 = 0x27;
const SERVER_13: u8 = 0x28;

impl ClientSession {
    /// Whether it may not be used any more.
    pub fn expired(&self, now: Time) -> bool {
        let lifetime = match (&self.kind, self.lifetime) {
            (ClientSessionKind::Classic(_), 0) => MAX_CLASSIC_LIFETIME,
            (ClientSessionKind::Classic(_), seconds) => seconds.min(MAX_CLASSIC_LIFETIME),
            (ClientSessionKind::Tls13(_), seconds) => seconds.min(MAX_LIFETIME),
        };
        now.seconds_since(self.since) >= u64::from(lifetime)
            || now.seconds_since(self.judged) >= u64::from(MAX_LIFETIME)
    }

    /// The session in bytes, secrets included: for a file that its owner alone can read. Times are kept to the millisecond.
    pub fn to_bytes(&self) -> Secret {
        let mut w = Writer::new();
        let (form, secret) = match &self.kind {
            ClientSessionKind::Classic(s) => (CLIENT_CLASSIC, &s.master),
            ClientSessionKind::Tls13(s) => (CLIENT_13, &s.psk),
        };
        w.u8(form);
        self.version.encode(&mut w);
        self.suite.encode(&mut w);
        put_time(&mut w, self.since);
        put_time(&mut w, self.judged);
        w.u32(self.lifetime);
        put_certificates(&mut w, &self.chain);
        put_rules(&mut w, &self.rules);
        put_option(&mut w, self.psk_identity.as_deref());
        put_option(&mut w, self.raw_key.as_deref());
        put_option(&mut w, self.alpn.as_deref());
        match &self.kind {
            ClientSessionKind::Classic(s) => {
                put(&mut w, &s.id);
                put(&mut w, &s.ticket);
                w.u8(flags(s.extended_master_secret, s.encrypt_then_mac));
            }
            ClientSessionKind::Tls13(s) => {
                put(&mut w, &s.ticket);
                w.u32(s.age_add);
                // 0 is no group.
                w.u16(s.group.map_or(0, |g| g.0));
                put_option(&mut w, s.server_name.as_deref().map(str::as_bytes));
                w.u32(s.max_early_data);
            }
        }
        with_secret(w, secret)
    }

    /// What [`ClientSession::to_bytes`] gave; `None` if it is anything else.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        all(bytes, |r| {
            let form = r.u8()?;
            let (version, suite) = (Wire::decode(r)?, Wire::decode(r)?);
            let (since, judged, lifetime) = (time(r)?, time(r)?, r.u32()?);
            let (chain, rules) = (certificates(r)?, rules(r)?);
            let (psk_identity, raw_key) = (option(r)?, option(r)?.map(Into::into));
            let alpn = option(r)?;
            let kind = match form {
                CLIENT_CLASSIC => {
                    let (id, ticket) = (blob(r)?.to_vec(), blob(r)?.to_vec());
                    let number = r.u8()?;
                    let (extended_master_secret, encrypt_then_mac) =
                        from_flags(number.into()).ok_or_else(|| unknown(r))?;
                    let master = secret(r)?;
                    ClientSessionKind::Classic(ClassicClientSession {
                        id,
                        ticket,
                        extended_master_secret,
                        encrypt_then_mac,
                        master,
                    })
                }
                CLIENT_13 => ClientSessionKind::Tls13(ClientSession13 {
                    ticket: blob(r)?.to_vec(),
                    age_add: r.u32()?,
                    group: Some(NamedGroup(r.u16()?)).filter(|g| g.0 != 0),
                    server_name: name(r)?,
                    max_early_data: r.u32()?,
                    psk: secret(r)?,
                }),
                _ => return Err(unknown(r)),
            };
            Ok(Self { version, suite, since, judged, lifetime, chain, rules, psk_identity, raw_key, alpn, kind })
        })
    }
}

impl ServerSession {
    /// The session in bytes, to be sealed into a ticket or kept under an ID.
    pub(crate) fn encode(&self) -> Secret {
        let mut w = Writer::new();
        let (form, secret, number) = match &self.kind {
            ServerSessionKind::Classic { master, extended_master_secret, encrypt_then_mac } => {
                (SERVER_CLASSIC, master, flags(*extended_master_secret, *encrypt_then_mac).into())
            }
            ServerSessionKind::Tls13 { psk, age_add, .. } => (SERVER_13, psk, *age_add),
        };
        w.u8(form);
        self.version.encode(&mut w);
        self.suite.encode(&mut w);
        put_time(&mut w, self.since);
        w.u32(self.lifetime);
        put_option(&mut w, self.server_name.as_deref().map(str::as_bytes));
        put_option(&mut w, self.alpn.as_deref());
        put_certificates(&mut w, &self.chain);
        put_option(&mut w, self.psk_identity.as_deref());
        w.u8(self.psk.is_some().into());
        if let Some(psk) = &self.psk {
            put_option(&mut w, psk.context.as_deref());
            w.bytes(&psk.hash);
        }
        put_option(&mut w, self.raw_key.as_deref());
        w.bytes(&self.context);
        w.u32(number);
        if let ServerSessionKind::Tls13 { issued, max_early_data, .. } = &self.kind {
            put_time(&mut w, *issued);
            w.u32(*max_early_data);
        }
        with_secret(w, secret)
    }

    /// What [`ServerSession::encode`] gave; `None` if it is anything else.
    pub(crate) fn decode(bytes: &Secret) -> Option<Self> {
        all(bytes.bytes(), |r| {
            let form = r.u8()?;
            let (version, suite) = (Wire::decode(r)?, Wire::decode(r)?);
            let (since, lifetime) = (time(r)?, r.u32()?);
            let server_name = name(r)?;
            let (alpn, chain, psk_identity) = (option(r)?, certificates(r)?, option(r)?);
            let psk = match flag(r)? {
                true => Some(PskMark { context: option(r)?, hash: *<&[u8; 32]>::decode(r)? }),
                false => None,
            };
            let raw_key = option(r)?.map(Into::into);
            let context = *<&[u8; 32]>::decode(r)?;
            let kind = match (form, r.u32()?) {
                (SERVER_CLASSIC, number) => {
                    let (extended_master_secret, encrypt_then_mac) = from_flags(number).ok_or_else(|| unknown(r))?;
                    ServerSessionKind::Classic { master: secret(r)?, extended_master_secret, encrypt_then_mac }
                }
                (SERVER_13, age_add) => {
                    let (issued, max_early_data) = (time(r)?, r.u32()?);
                    ServerSessionKind::Tls13 { age_add, issued, max_early_data, psk: secret(r)? }
                }
                _ => return Err(unknown(r)),
            };
            Ok(Self {
                version,
                suite,
                since,
                lifetime,
                server_name,
                alpn,
                chain,
                psk_identity,
                psk,
                raw_key,
                kind,
                context,
            })
        })
    }

    /// Why a server of this config, whose [`context`] the caller has, may not resume it now, if it may not: it must be young enough, made
    /// by a server that asks the same of its clients, and have the client's chain, or its pre-shared key, if that is required.
    pub(crate) fn hindrance(&self, config: &ServerConfig, context: &[u8; 32], now: Time) -> Option<Verdict> {
        let max = match self.kind {
            ServerSessionKind::Classic { .. } => MAX_CLASSIC_LIFETIME,
            ServerSessionKind::Tls13 { .. } => MAX_LIFETIME,
        };
        let required = matches!(config.client_auth, ClientAuth::Required(_));
        // Whoever has no pre-shared keys any more lets nobody in by one; that he still has this one is asked besides.
        [
            (now.seconds_since(self.since) >= u64::from(self.lifetime.min(max)), Verdict::Expired),
            (self.context != *context, Verdict::OtherAuthentication),
            (self.psk_identity.is_some() && config.psks.is_none(), Verdict::PskGone),
            (required && !self.is_certified() && self.psk_identity.is_none(), Verdict::NoCertificate),
        ]
        .into_iter()
        .find_map(|(is, verdict)| is.then_some(verdict))
    }

    /// Whether the client has shown a certificate, or a raw key.
    pub(crate) fn is_certified(&self) -> bool {
        !self.chain.is_empty() || self.raw_key.is_some()
    }
}

/// A hash of what must not change between issuing a session and resuming it: whether clients are asked for a certificate, of what
/// type, and by which authorities.
pub(crate) fn context(config: &ServerConfig) -> [u8; 32] {
    let mut hash = Sha256::new();
    let mode = match config.client_auth {
        ClientAuth::None => 0u8,
        ClientAuth::Optional(_) => 1,
        ClientAuth::Required(_) => 2,
    };
    hash.update([mode]);
    hash.update([config.client_certificate_types.len() as u8]);
    config.client_certificate_types.iter().for_each(|t| hash.update([t.0]));
    for name in config.client_auth.verifier().map(|v| v.authorities()).unwrap_or_default() {
        hash.update((name.len() as u64).to_be_bytes());
        hash.update(name);
    }
    hash.finalize().into()
}

// --- the pieces of the forms ---

/// The bytes written so far, and behind them the secret after its length. It comes last, so that it is written once, to where it
/// stays.
fn with_secret(mut head: Writer, secret: &Secret) -> Secret {
    head.u8(secret.bytes().len() as u8);
    let (head, secret) = (head.as_bytes(), secret.bytes());
    Secret::filled(head.len() + secret.len(), |out| {
        let (first, last) = out.split_at_mut(head.len());
        first.copy_from_slice(head);
        last.copy_from_slice(secret);
    })
}

/// The secret: a master secret, or a PSK of the suite's hash.
fn secret(r: &mut Reader<'_>) -> Result<Secret, Malformed> {
    match r.u8()? {
        len @ (32 | 48) => Ok(Secret::copy(r.take(len.into())?)),
        _ => Err(unknown(r)),
    }
}

/// Bytes behind a length of four bytes.
fn put(w: &mut Writer, bytes: &[u8]) {
    w.u32(bytes.len() as u32);
    w.bytes(bytes);
}
fn blob<'a>(r: &mut Reader<'a>) -> Result<&'a [u8], Malformed> {
    let len = r.u32()? as usize;
    r.take(len)
}

fn put_option(w: &mut Writer, bytes: Option<&[u8]>) {
    w.u8(bytes.is_some().into());
    bytes.into_iter().for_each(|b| put(w, b));
}
fn option(r: &mut Reader<'_>) -> Result<Option<Vec<u8>>, Malformed> {
    match flag(r)? {
        true => Ok(Some(blob(r)?.to_vec())),
        false => Ok(None),
    }
}

/// A name, if there is one.
fn name(r: &mut Reader<'_>) -> Result<Option<String>, Malformed> {
    option(r)?.map(|name| String::from_utf8(name).map_err(|_| unknown(r))).transpose()
}

fn put_certificates(w: &mut Writer, chain: &[CertificateDer<'_>]) {
    w.u32(chain.len() as u32);
    chain.iter().for_each(|c| put(w, c));
}
fn certificates(r: &mut Reader<'_>) -> Result<Vec<CertificateDer<'static>>, Malformed> {
    (0..r.u32()?).map(|_| Ok(CertificateDer::from(blob(r)?.to_vec()))).collect()
}

fn put_rules(w: &mut Writer, rules: &CertificateRules) {
    let CertificateRules { sha1, md5, min_rsa_bits, version_1, common_names } = *rules;
    let bits = [sha1, md5, version_1, common_names];
    w.u8(bits.iter().rev().fold(0, |all, bit| all << 1 | u8::from(*bit)));
    w.u32(u32::try_from(min_rsa_bits).unwrap_or(u32::MAX));
}
fn rules(r: &mut Reader<'_>) -> Result<CertificateRules, Malformed> {
    let bits @ ..=0b1111 = r.u8()? else { return Err(unknown(r)) };
    let [sha1, md5, version_1, common_names] = std::array::from_fn(|n| bits >> n & 1 == 1);
    Ok(CertificateRules { sha1, md5, min_rsa_bits: r.u32()? as usize, version_1, common_names })
}

fn put_time(w: &mut Writer, time: Time) {
    let millis = time.millis_since(Time::default());
    w.bytes(&millis.to_be_bytes());
}
fn time(r: &mut Reader<'_>) -> Result<Time, Malformed> {
    Ok(Time(Duration::from_millis(u64::from_be_bytes(*<&[u8; 8]>::decode(r)?))))
}

fn flag(r: &mut Reader<'_>) -> Result<bool, Malformed> {
    match r.u8()? {
        0 => Ok(false),
        1 => Ok(true),
        _ => Err(unknown(r)),
    }
}

/// What is said of a classic session in bits.
fn flags(extended_master_secret: bool, encrypt_then_mac: bool) -> u8 {
    u8::from(extended_master_secret) | u8::from(encrypt_then_mac) << 1
}

fn from_flags(number: u32) -> Option<(bool, bool)> {
    (number < 4).then_some((number & 1 == 1, number & 2 == 2))
}

fn unknown(r: &Reader<'_>) -> Malformed {
    r.fault(Problem::Value("is not of this form"))
}

/// All of `bytes`, or nothing.
fn all<'a, T>(bytes: &'a [u8], f: impl FnOnce(&mut Reader<'a>) -> Result<T, Malformed>) -> Option<T> {
    let mut r = Reader::new(bytes);
    let value = f(&mut r).ok()?;
    r.finish().ok()?;
    Some(value)
}
