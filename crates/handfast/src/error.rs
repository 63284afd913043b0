//! Errors: what went wrong, whose doing it was, at which message, by which rule, and what to do.
//!
//! Code returns an [`Error`]; one exhaustive map ([`ErrorKind::alert`]) says which alert it is worth, and one
//! ([`Error::explain`]) says it in words.

use crate::alert::AlertDescription;
use crate::crypto::{Failure, Suite};
use crate::verify::CertificateError;
use crate::wire::numbers::{
    CertificateCompressionAlgorithm, CertificateType, ContentType, ExtensionType, HandshakeType, NamedGroup,
    ProtocolVersion, SignatureScheme,
};
use crate::wire::{CipherSuite, Malformed};
use std::fmt;

mod explain;
pub use explain::Explanation;

/// Why a connection failed. Small: a pointer. `Display` says what happened; `Debug`, which is what is shown where `main` returns it or
/// `unwrap` meets it, says by which rule and what to do, too.
#[derive(Clone, PartialEq)]
pub struct Error(Box<Inner>);

#[derive(Clone, PartialEq)]
struct Inner {
    kind: ErrorKind,
    during: Option<During>,
    /// What may have led to it, in words.
    before: Option<Box<str>>,
    /// Where it happened: a remedy has to know.
    here: explain::Here,
    /// What there is to say of the pre-shared key that both sides should have.
    psk: Option<PskTrouble>,
}

/// What a key exchange with a pre-shared key most likely failed by, up to TLS 1.2.
#[derive(Clone, PartialEq)]
pub(crate) enum PskTrouble {
    /// The client has named one that is not known here, and was not told.
    Unknown,
    /// The peer, of which this clause says what it has, has another key under this name.
    Different(&'static str, Box<str>),
}

/// What was going on when it failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct During {
    /// The message that was read or made, by its RFC name.
    pub message: &'static str,
    /// Whether it had come from the peer, rather than being ours.
    pub received: bool,
}

/// Who is to blame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Blame {
    /// The peer broke a rule, or cannot do what we need.
    Peer,
    /// This side: its config, its key, or the one that answers for it.
    Us,
    /// Both are within their rights and have nothing in common.
    Neither,
    /// Bytes were changed, cut or made by something in between, or it is not TLS at all.
    Network,
}

/// What two sides can have nothing of in common.
#[derive(Clone, Debug, PartialEq)]
pub enum NothingInCommon {
    /// No version: theirs and ours.
    Version {
        /// What the peer offered or chose.
        theirs: Vec<ProtocolVersion>,
        /// What the policy allows.
        ours: Vec<ProtocolVersion>,
    },
    /// No cipher suite. Names, since theirs may be unknown here.
    Suite {
        /// What the peer offered, by name; the first 64.
        theirs: Vec<String>,
        /// What the policy allows, by name.
        ours: Vec<String>,
    },
    /// No group for the key exchange; before TLS 1.3 also: none of the client's is the curve of our ECDSA certificate.
    Group {
        /// What the peer offered.
        theirs: Vec<NamedGroup>,
        /// What the policy allows.
        ours: Vec<NamedGroup>,
    },
    /// No signature scheme that one can make and the other check.
    Scheme {
        /// What the peer accepts.
        theirs: Vec<SignatureScheme>,
        /// What we can sign with, or the policy allows.
        ours: Vec<SignatureScheme>,
    },
    /// The client lists groups that are prime fields, of which none is ours, and no suite that does without (RFC 7919 4).
    Field {
        /// What the peer offered.
        theirs: Vec<NamedGroup>,
        /// What the policy allows.
        ours: Vec<NamedGroup>,
    },
    /// No application protocol (RFC 7301 3.2).
    Protocol {
        /// What the client offered; the first 64.
        theirs: Vec<String>,
        /// What the server has.
        ours: Vec<String>,
    },
    /// No type of certificate: X.509, or a raw public key (RFC 7250 4.2).
    CertificateType {
        /// What the peer offered or chose.
        theirs: Vec<CertificateType>,
        /// What we have, or take.
        ours: Vec<CertificateType>,
    },
    /// The client does not offer null compression.
    Compression,
    /// The client offers no pre-shared key that is known here, with a suite of its hash, and there is no certificate.
    Psk,
    /// None of our pre-shared keys goes with the hint that the server gave (RFC 4279 5.2).
    PskHint,
    /// The client offers this suite, which is spoken here with encrypt-then-MAC only, and does not offer that (RFC 7366).
    EncryptThenMac(CipherSuite),
}

impl NothingInCommon {
    /// How many of the peer's suites or protocols are named at most: a hello has room for thousands.
    const NAMED: usize = 64;

    /// No cipher suite in common with these.
    pub(crate) fn suite(theirs: impl Iterator<Item = CipherSuite>, ours: &[&Suite]) -> Self {
        let theirs = theirs.take(Self::NAMED).map(|s| s.to_string()).collect();
        Self::Suite { theirs, ours: ours.iter().map(|s| s.number.to_string()).collect() }
    }

    /// No application protocol in common with these.
    pub(crate) fn protocol(theirs: &[Vec<u8>], ours: &[Vec<u8>]) -> Self {
        let words = |list: &[Vec<u8>]| {
            list.iter().take(Self::NAMED).map(|p| String::from_utf8_lossy(p).escape_debug().to_string()).collect()
        };
        Self::Protocol { theirs: words(theirs), ours: words(ours) }
    }
}

/// What an endpoint was found to speak that is not TLS.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "names of protocols")]
pub enum NotTls {
    Http,
    Ssh,
    Smtp,
    Ftp,
    Pop3,
    Imap,
    Unknown,
}

/// What there was too much of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Limit {
    /// Bytes of one handshake message.
    MessageSize,
    /// Bytes of a whole handshake.
    HandshakeBytes,
    /// Certificates in a chain.
    Chain,
    /// Records without content, in a row.
    EmptyRecords,
    /// Warning alerts, without data between.
    Warnings,
    /// KeyUpdates, without data between.
    KeyUpdates,
    /// ChangeCipherSpec records in a TLS 1.3 handshake.
    ChangeCipherSpecs,
    /// Requests for a new handshake.
    Renegotiations,
    /// Bytes of data in the middle of a new handshake.
    RenegotiationData,
    /// Requests for our certificate after the handshake.
    CertificateRequests,
    /// Bytes of early data.
    EarlyData,
    /// Data that we have sealed under one key, or the numbers of its records.
    Records,
}

/// What went wrong.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum ErrorKind {
    /// A message breaks its grammar.
    Malformed(Malformed),
    /// A message that may not come now. `expected` says what may.
    UnexpectedMessage {
        /// Its type.
        got: HandshakeType,
        /// What could have come.
        expected: &'static str,
    },
    /// A record of a content type that may not come now.
    UnexpectedRecord {
        /// Its type.
        got: ContentType,
        /// What could have come.
        expected: &'static str,
    },
    /// A value that is well formed and not allowed here. The sentence names field and rule.
    IllegalParameter {
        /// The field.
        field: &'static str,
        /// What is wrong with it, to follow the field's name.
        why: &'static str,
        /// The section that says so.
        rule: &'static str,
    },
    /// The header of a record has a version that was not agreed.
    RecordVersion {
        /// What the header says.
        got: ProtocolVersion,
        /// What it must say.
        expected: ProtocolVersion,
    },
    /// A hello agrees to TLS 1.3 in supported_versions, and its legacy_version is not that of TLS 1.2.
    LegacyVersion(ProtocolVersion),
    /// A server chose a version that has no early data, which was sent (RFC 9846 E.3).
    EarlyDataVersion(ProtocolVersion),
    /// What comes is not TLS.
    NotTls(NotTls),
    /// A ClientHello in SSL 2.0's form, of a client that speaks up to this version, which the policy does not read, or which asks for
    /// SSL 2.0 itself.
    Sslv2Hello(ProtocolVersion),
    /// A record is longer than allowed.
    RecordOverflow,
    /// A record does not open: wrong padding, MAC, tag or length, which are not told apart.
    BadRecordMac,
    /// There was too much of something.
    TooMuch(Limit),
    /// The peer sent a fatal alert.
    PeerAlert(AlertDescription),
    /// The two sides have nothing in common.
    NothingInCommon(NothingInCommon),
    /// An extension that was not asked for.
    UnsolicitedExtension(ExtensionType),
    /// An extension that must be there.
    MissingExtension(ExtensionType),
    /// A client fell back although both could speak something newer (RFC 7507).
    InappropriateFallback,
    /// A server, which can do better, warns that someone made it choose an old version (RFC 9846 4.2.3).
    Downgrade,
    /// The peer can do no extended master secret, or no secure renegotiation, and the policy wants it.
    InsufficientSecurity(&'static str),
    /// The peer's certificate is refused.
    Certificate(CertificateError),
    /// The peer's certificate, compressed, does not become the Certificate that it is said to be (RFC 8879 4).
    BadCompression(CertificateCompressionAlgorithm),
    /// A client certificate is required and none came.
    NoCertificate {
        /// The version, which decides the alert.
        version: ProtocolVersion,
    },
    /// The peer asks for a second handshake, and SSL 3.0 has no way to refuse it and go on.
    RenegotiationRefused,
    /// In a second handshake on this connection the peer is another than in the first, or does not say any more who it is.
    IdentityChanged,
    /// The name asked for is not served here.
    UnrecognizedName(String),
    /// A handshake signature is wrong.
    BadSignature,
    /// A Finished is wrong: some message was changed on its way, or the secrets differ.
    BadFinished,
    /// A PSK binder is wrong.
    BadBinder,
    /// A key exchange with the peer's share fails.
    BadKeyShare(NamedGroup),
    /// The peer's public key over a prime field is out of range, or of no use with the prime (RFC 7919 3, 4).
    BadDhShare,
    /// The server's prime is smaller than the policy allows.
    SmallDhGroup {
        /// Its size.
        bits: usize,
        /// The policy's `min_dh_bits`.
        least: usize,
    },
    /// The client names a pre-shared key that is not known here (RFC 4279 2).
    UnknownPsk,
    /// Early data was not accepted, and was to be sent again; but the connection is of another application protocol, in which it
    /// may mean something else (RFC 9846 4.3.10). The connection itself is sound.
    EarlyDataProtocol,
    /// The stream ended without close_notify.
    Truncated {
        /// Whether the handshake was over.
        established: bool,
    },
    /// An answer does not fit the question, or there is no question.
    BadAnswer,
    /// An answer says that it cannot be done: signing, decrypting, finding a config.
    AnswerFailed(&'static str),
    /// A primitive failed.
    Crypto(Failure),
    /// The call does not fit the connection's state: sending before the handshake is done, or after closing.
    Misuse(&'static str),
    /// This connection has no such channel binding. The sentence says why.
    NoChannelBinding(&'static str),
    /// The config cannot work.
    Config(String),
}

impl Error {
    /// Of this kind, in no message in particular.
    pub(crate) fn new(kind: ErrorKind) -> Self {
        Self(Box::new(Inner { kind, during: None, before: None, here: explain::Here::default(), psk: None }))
    }
    /// The same, during this message, unless a message is named already.
    pub(crate) fn during(mut self, message: &'static str, received: bool) -> Self {
        self.0.during.get_or_insert(During { message, received });
        self
    }
    /// The same, after something that may have led to it: a clause.
    pub(crate) fn after(mut self, before: Box<str>) -> Self {
        self.0.before = Some(before);
        self
    }
    /// The same, on this side, under the policy of this name.
    pub(crate) fn under(mut self, policy: Option<&'static str>, is_server: bool) -> Self {
        self.0.here = explain::Here { policy, is_server };
        self
    }
    /// The same, most likely because of the pre-shared key.
    pub(crate) fn by_psk(mut self, trouble: PskTrouble) -> Self {
        self.0.psk = Some(trouble);
        self
    }
    /// What went wrong.
    pub fn kind(&self) -> &ErrorKind {
        &self.0.kind
    }
    /// The message that it happened at, if any.
    pub fn moment(&self) -> Option<During> {
        self.0.during
    }
    /// What may have led to it: a clause, which [`Error::explain`] has too.
    pub fn before(&self) -> Option<&str> {
        self.0.before.as_deref()
    }
    /// The alert that is sent to the peer, if any.
    pub fn alert(&self) -> Option<AlertDescription> {
        self.0.kind.alert()
    }
    /// Whether there was a fatal alert, of ours or of the peer's: then the session must not be resumed (RFC 5246 7.2.2).
    pub(crate) fn ends_session(&self) -> bool {
        match self.kind() {
            ErrorKind::PeerAlert(description) => *description != AlertDescription::CLOSE_NOTIFY,
            kind => kind.alert().is_some(),
        }
    }
}

impl ErrorKind {
    /// The alert that goes to the peer: none if the peer sent one, is gone, or never spoke TLS. No wildcard: a new kind has to
    /// say.
    pub fn alert(&self) -> Option<AlertDescription> {
        use crate::wire::Problem;
        use AlertDescription as A;
        Some(match self {
            Self::Malformed(m) => match m.problem {
                Problem::Truncated | Problem::Trailing | Problem::Length => A::DECODE_ERROR,
                Problem::Value(_) | Problem::Duplicate | Problem::NotLast | Problem::Misplaced => A::ILLEGAL_PARAMETER,
            },
            Self::UnexpectedMessage { .. } | Self::UnexpectedRecord { .. } => A::UNEXPECTED_MESSAGE,
            Self::IllegalParameter { .. } | Self::BadKeyShare(_) | Self::Downgrade | Self::IdentityChanged => {
                A::ILLEGAL_PARAMETER
            }
            Self::RecordVersion { .. } | Self::LegacyVersion(_) | Self::EarlyDataVersion(_) | Self::Sslv2Hello(_) => {
                A::PROTOCOL_VERSION
            }
            Self::NotTls(_) => return None,
            Self::RecordOverflow => A::RECORD_OVERFLOW,
            Self::BadRecordMac => A::BAD_RECORD_MAC,
            Self::TooMuch(limit) => match limit {
                Limit::MessageSize | Limit::HandshakeBytes => A::ILLEGAL_PARAMETER,
                Limit::Chain => A::BAD_CERTIFICATE,
                Limit::Records => A::INTERNAL_ERROR,
                Limit::EmptyRecords
                | Limit::Warnings
                | Limit::KeyUpdates
                | Limit::ChangeCipherSpecs
                | Limit::EarlyData
                | Limit::Renegotiations
                | Limit::RenegotiationData
                | Limit::CertificateRequests => A::UNEXPECTED_MESSAGE,
            },
            Self::PeerAlert(_) | Self::Truncated { .. } | Self::EarlyDataProtocol => return None,
            Self::NothingInCommon(what) => match what {
                NothingInCommon::Version { .. } => A::PROTOCOL_VERSION,
                NothingInCommon::Suite { .. }
                | NothingInCommon::Group { .. }
                | NothingInCommon::Scheme { .. }
                | NothingInCommon::Psk
                | NothingInCommon::PskHint
                | NothingInCommon::EncryptThenMac(_) => A::HANDSHAKE_FAILURE,
                NothingInCommon::Field { .. } => A::INSUFFICIENT_SECURITY,
                NothingInCommon::CertificateType { .. } => A::UNSUPPORTED_CERTIFICATE,
                NothingInCommon::Protocol { .. } => A::NO_APPLICATION_PROTOCOL,
                NothingInCommon::Compression => A::ILLEGAL_PARAMETER,
            },
            Self::UnsolicitedExtension(_) => A::UNSUPPORTED_EXTENSION,
            Self::MissingExtension(_) => A::MISSING_EXTENSION,
            Self::InappropriateFallback => A::INAPPROPRIATE_FALLBACK,
            Self::InsufficientSecurity(_) | Self::RenegotiationRefused | Self::BadDhShare => A::HANDSHAKE_FAILURE,
            Self::SmallDhGroup { .. } => A::INSUFFICIENT_SECURITY,
            Self::UnknownPsk => A::UNKNOWN_PSK_IDENTITY,
            Self::Certificate(e) => e.alert(),
            Self::BadCompression(_) => A::BAD_CERTIFICATE,
            Self::NoCertificate { version } => match *version >= ProtocolVersion::TLS1_3 {
                true => A::CERTIFICATE_REQUIRED,
                false => A::HANDSHAKE_FAILURE,
            },
            Self::UnrecognizedName(_) => A::UNRECOGNIZED_NAME,
            Self::BadSignature | Self::BadFinished | Self::BadBinder => A::DECRYPT_ERROR,
            Self::BadAnswer | Self::AnswerFailed(_) | Self::Crypto(_) | Self::Config(_) => A::INTERNAL_ERROR,
            Self::Misuse(_) | Self::NoChannelBinding(_) => return None,
        })
    }
}

impl From<ErrorKind> for Error {
    fn from(kind: ErrorKind) -> Self {
        Self::new(kind)
    }
}
impl From<Malformed> for Error {
    fn from(m: Malformed) -> Self {
        Self::new(ErrorKind::Malformed(m))
    }
}
impl From<Failure> for Error {
    fn from(f: Failure) -> Self {
        Self::new(ErrorKind::Crypto(f))
    }
}
impl From<NothingInCommon> for Error {
    fn from(n: NothingInCommon) -> Self {
        Self::new(ErrorKind::NothingInCommon(n))
    }
}

/// A refusal of a value that is well formed, in one line.
pub(crate) fn illegal(field: &'static str, why: &'static str, rule: &'static str) -> Error {
    Error::new(ErrorKind::IllegalParameter { field, why, rule })
}

/// Our key did not sign what this message was to bring.
pub(crate) fn not_signed(message: &'static str) -> Error {
    Error::new(ErrorKind::AnswerFailed("signing the handshake")).during(message, false)
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.explain().why)
    }
}
impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Explanation { why, rule, remedy, .. } = self.explain();
        f.write_str(&why)?;
        if !rule.is_empty() {
            write!(f, " ({rule})")?;
        }
        if remedy.is_empty() { Ok(()) } else { write!(f, " {remedy}") }
    }
}
impl std::error::Error for Error {}
