//! A handshake as its messages tell it.

use super::{Spoken, Who};
use crate::words;
use handfast::crypto::{Credential, KeyKind, Suite};
use handfast::extension::{Extensions, KeyShare, PreSharedKey, SupportedVersions};
use handfast::message::{ClientHello, CompressedCertificate, Dialect, Message, Params, ServerHello};
use handfast::wait::HelloSummary;
use handfast::wire::numbers::{CompressionMethod, NamedGroup, ProtocolVersion, SignatureScheme};
use handfast::wire::{CipherSuite, Field};
use handfast::{Negotiated, Policy, ServerConfig};
use std::collections::HashMap;
use std::sync::Arc;

/// What both sides said, and what this server goes by.
pub(super) struct Case<'h> {
    pub(super) who: Who,
    pub(super) config: &'h ServerConfig,
    /// What was negotiated, if the handshake came to its end.
    pub(super) done: Option<&'h Negotiated>,
    /// The client's first hello, and what is changed in its second one.
    pub(super) hello: Hello<'h>,
    second: Option<ClientHello<'h>>,
    /// The HelloRetryRequest, if there was one.
    pub(super) retry: Option<ServerHello<'h>>,
    /// ServerHello.
    pub(super) answer: Option<ServerHello<'h>>,
    /// This server's certificates, compressed.
    pub(super) compressed: Option<CompressedCertificate<'h>>,
    /// This server's certificate in DER, if it was shown as it is.
    leaf: Option<&'h [u8]>,
    /// Whether this server has shown a certificate, or a raw key.
    pub(super) shown: bool,
    pub(super) version: Option<ProtocolVersion>,
    pub(super) suite: Option<CipherSuite>,
    pub(super) group: Option<NamedGroup>,
    pub(super) scheme: Option<SignatureScheme>,
    pub(super) alpn: Option<Vec<u8>>,
    /// Whether a session was resumed, as far as the messages say.
    pub(super) resumed: bool,
    /// What the library says of the fields of the hello, by their names.
    notes: Notes,
}

/// What a field is for, and the section that defines it.
type Notes = HashMap<&'static str, (&'static str, &'static str)>;

/// A ClientHello, whichever form it came in.
pub(super) struct Hello<'h> {
    pub(super) version: ProtocolVersion,
    pub(super) suites: Vec<CipherSuite>,
    pub(super) session_id: &'h [u8],
    pub(super) compression: Vec<CompressionMethod>,
    pub(super) extensions: Extensions<'h>,
    /// Ciphers of SSL 2.0.
    pub(super) old: Vec<[u8; 3]>,
}

impl<'h> Case<'h> {
    /// Of the last handshake that was answered: there may be several on one connection.
    pub(super) fn of(
        who: Who,
        config: &'h ServerConfig,
        done: Option<&'h Negotiated>,
        messages: &[Spoken<'h>],
    ) -> Option<Self> {
        let messages = last_handshake(messages);
        let first = messages.first()?;
        let hello = Hello::read(first)?;
        let mut case = Self {
            who,
            config,
            done,
            hello,
            second: None,
            retry: None,
            answer: None,
            compressed: None,
            leaf: None,
            shown: false,
            version: None,
            suite: None,
            group: None,
            scheme: None,
            alpn: None,
            resumed: false,
            notes: notes(first),
        };
        for message in &messages[1..] {
            case.hear(message);
        }
        case.settle();
        Some(case)
    }

    fn hear(&mut self, message: &Spoken<'h>) {
        let Ok(read) = Message::decode(message.raw, message.dialect) else { return };
        match (message.received, read) {
            (true, Message::ClientHello(hello)) => self.second = Some(hello),
            (false, Message::HelloRetryRequest(hello)) => self.retry = Some(hello),
            (false, Message::ServerHello(hello)) => self.answer = Some(hello),
            (false, Message::EncryptedExtensions(extensions)) => self.hear_protocol(&extensions.0),
            (false, Message::Certificate(certificate)) => {
                self.leaf = certificate.list.first().map(|entry| entry.cert_data);
                self.shown = true;
            }
            (false, Message::CompressedCertificate(certificate)) => {
                self.compressed = Some(certificate);
                self.shown = true;
            }
            (false, Message::RawPublicKey(_)) => self.shown = true,
            (false, Message::CertificateVerify(proof)) => self.scheme = proof.scheme,
            (false, Message::ServerKeyExchange(half)) => {
                self.scheme = half.signature.and_then(|s| s.scheme);
                if let Some(Params::Ecdhe { group, .. }) = half.params {
                    self.group = Some(group);
                }
            }
            _ => {}
        }
    }

    fn hear_protocol(&mut self, extensions: &Extensions<'_>) {
        self.alpn = extensions.alpn().and_then(|a| a.0.first()).map(|p| p.to_vec()).or(self.alpn.take());
    }

    /// What ServerHello says, and what was negotiated in the end.
    fn settle(&mut self) {
        if let Some(answer) = self.answer.clone() {
            self.suite = Some(answer.fixed.cipher_suite);
            self.version = Some(match answer.extensions.supported_versions() {
                Some(SupportedVersions::Selected(version)) => *version,
                _ => answer.fixed.legacy_version,
            });
            if let Some(KeyShare::Server(share)) = answer.extensions.key_share() {
                self.group = Some(share.group);
            }
            self.hear_protocol(&answer.extensions);
        }
        if let Some(n) = self.done {
            (self.version, self.suite) = (n.version, n.suite);
            (self.group, self.scheme) = (n.group.or(self.group), n.scheme.or(self.scheme));
            (self.alpn, self.resumed) = (n.alpn.clone(), n.resumed);
        }
    }

    /// "your browser", or who it is.
    pub(super) fn who(&self) -> &'static str {
        self.who.name()
    }
    /// The same at the beginning of a sentence.
    pub(super) fn capital(&self) -> String {
        words::capital(self.who())
    }
    pub(super) fn policy(&self) -> &'h Policy {
        &self.config.policy
    }
    pub(super) fn extensions(&self) -> &Extensions<'h> {
        &self.hello.extensions
    }
    /// Whether it is TLS 1.3, or would have been.
    pub(super) fn is_tls13(&self) -> bool {
        self.likely_version() == Some(ProtocolVersion::TLS1_3)
    }
    /// Whether it is older, or would have been.
    pub(super) fn is_classic(&self) -> bool {
        self.likely_version().is_some_and(|v| v < ProtocolVersion::TLS1_3)
    }
    /// The version that was agreed on, or else the newest that both have.
    pub(super) fn likely_version(&self) -> Option<ProtocolVersion> {
        self.version.or_else(|| self.policy().versions().into_iter().find(|v| self.hello.speaks(*v)))
    }
    /// Whether a ServerHello was sent: what is agreed on is known from there on.
    pub(super) fn answered(&self) -> bool {
        self.answer.is_some()
    }

    /// What the library says of an extension: what it is for, and the section.
    pub(super) fn note(&self, field: &str) -> Option<(&'static str, &'static str)> {
        self.notes.get(field).copied()
    }

    /// The groups of the shares in the first hello, each with the share's size.
    pub(super) fn shares(&self) -> Vec<(NamedGroup, usize)> {
        shares(&self.hello.extensions)
    }
    /// Those of the second.
    pub(super) fn later_shares(&self) -> Vec<(NamedGroup, usize)> {
        self.second.as_ref().map(|hello| shares(&hello.extensions)).unwrap_or_default()
    }

    /// All certificates of this server, or raw keys.
    pub(super) fn own(&self) -> Vec<Arc<Credential>> {
        self.config.credentials.clone().candidates(&HelloSummary::default())
    }
    /// Those that stand for the name that the client asks for, best first.
    pub(super) fn candidates(&self) -> Vec<Arc<Credential>> {
        let server_name = self.host().map(|n| n.trim_end_matches('.').to_ascii_lowercase());
        let list = self.extensions().certificate_authorities();
        let authorities = list.map(|a| a.0.iter().map(|n| n.to_vec()).collect()).unwrap_or_default();
        let summary = HelloSummary { server_name, authorities, ..HelloSummary::default() };
        self.config.credentials.clone().candidates(&summary)
    }
    /// The certificate that was shown; of one that went compressed, the one that made the signature.
    pub(super) fn credential(&self) -> Option<Arc<Credential>> {
        let is_it = |c: &Arc<Credential>| match (self.leaf, self.scheme) {
            (Some(leaf), _) => c.chain.first().is_some_and(|own| **own == *leaf),
            (None, Some(scheme)) => c.key.schemes().contains(&scheme) || c.key.classic_schemes().contains(&scheme),
            (None, None) => false,
        };
        self.candidates().into_iter().find(is_it).filter(|_| self.shown)
    }
    /// The name that the client asks for.
    pub(super) fn host(&self) -> Option<&'h str> {
        self.hello.extensions.server_name().and_then(|n| n.host())
    }
    /// The ticket, or the name of the key, that both went on from in TLS 1.3.
    pub(super) fn taken_psk(&self) -> Option<&'h [u8]> {
        let Some(PreSharedKey::Selected(index)) = self.answer.as_ref()?.extensions.pre_shared_key() else {
            return None;
        };
        let latest = self.second.as_ref().map_or(&self.hello.extensions, |hello| &hello.extensions);
        let Some(PreSharedKey::Offered(offered)) = latest.pre_shared_key() else { return None };
        offered.identities.iter().nth(usize::from(*index)).map(|i| i.identity.0)
    }
    /// The suite's row.
    pub(super) fn suite_row(&self) -> Option<&'static Suite> {
        self.suite.and_then(Suite::find)
    }
}

impl<'h> Hello<'h> {
    fn read(message: &Spoken<'h>) -> Option<Self> {
        match Message::decode(message.raw, message.dialect).ok()? {
            Message::ClientHello(hello) => Some(Self {
                version: hello.fixed.legacy_version,
                suites: bounded(hello.fixed.cipher_suites.iter()),
                session_id: hello.fixed.session_id.0,
                compression: hello.fixed.compression_methods.iter().collect(),
                extensions: hello.extensions,
                old: Vec::new(),
            }),
            Message::Sslv2Hello(hello) => Some(Self {
                version: hello.version,
                suites: bounded(hello.cipher_specs.iter().filter_map(|spec| spec.suite())),
                session_id: &[],
                compression: Vec::new(),
                extensions: Extensions::default(),
                old: bounded(hello.cipher_specs.iter().filter(|spec| spec.suite().is_none()).map(|spec| spec.0)),
            }),
            _ => None,
        }
    }

    /// The versions of supported_versions, if it has that.
    pub(super) fn listed_versions(&self) -> Option<Vec<ProtocolVersion>> {
        match self.extensions.supported_versions() {
            Some(SupportedVersions::Offered(list)) => Some(list.iter().collect()),
            _ => None,
        }
    }

    /// Whether it speaks this version. Without a list, one names the newest, and speaks all that are older.
    pub(super) fn speaks(&self, version: ProtocolVersion) -> bool {
        match self.listed_versions() {
            Some(list) => list.contains(&version),
            None => version <= self.version.min(ProtocolVersion::TLS1_2),
        }
    }
}

/// More of a list than any real client offers. A hello has room for thousands, which nobody wants to read.
pub(super) const MOST: usize = 256;

/// So many of a list, and one more if there are more.
pub(super) fn bounded<T>(list: impl Iterator<Item = T>) -> Vec<T> {
    list.take(MOST + 1).collect()
}

fn shares(extensions: &Extensions<'_>) -> Vec<(NamedGroup, usize)> {
    match extensions.key_share() {
        Some(KeyShare::Client(list)) => bounded(list.iter().map(|s| (s.group, s.key_exchange.len()))),
        _ => Vec::new(),
    }
}

/// The messages from the ClientHello on that the last ServerHello answers; where none was answered, from the last one that has no
/// HelloRetryRequest before it.
fn last_handshake<'m, 'h>(messages: &'m [Spoken<'h>]) -> &'m [Spoken<'h>] {
    const CLIENT_HELLO: u8 = 1;
    let (mut start, mut latest, mut retried) = (None, None, false);
    for (at, message) in messages.iter().enumerate() {
        let is_hello = message.raw.first() == Some(&CLIENT_HELLO);
        match message.received {
            true if is_hello && !retried => latest = Some(at),
            true => {}
            false => match Message::decode(message.raw, Dialect::Hello) {
                Ok(Message::HelloRetryRequest(_)) => retried = true,
                Ok(Message::ServerHello(_)) => (start, retried) = (latest, false),
                _ => {}
            },
        }
    }
    start.or(latest).and_then(|at| messages.get(at..)).unwrap_or_default()
}

/// What stands beside the fields of the hello, and of its extensions.
fn notes(hello: &Spoken<'_>) -> Notes {
    fn gather(fields: &[Field], into: &mut Notes) {
        for field in fields {
            if !field.note.is_empty() {
                into.entry(field.name).or_insert((field.note, field.rfc));
            }
            gather(&field.parts, into);
        }
    }
    let mut out = Notes::new();
    gather(&Message::describe(hello.raw, hello.dialect).0, &mut out);
    out
}

/// What a key is called.
pub(super) fn kind(kind: KeyKind) -> &'static str {
    match kind {
        KeyKind::Rsa => "RSA",
        KeyKind::Ecdsa => "ECDSA",
        KeyKind::Ed25519 => "Ed25519",
        KeyKind::RsaPss => "RSA-PSS",
        KeyKind::MlDsa => "ML-DSA",
    }
}
