//! Extensions: one room each, and the table that says which may stand in which message.
//!
//! A new extension is a room beside this file, a row in the table below, and whoever uses it.

mod alpn;
mod certificate_types;
mod compress_certificate;
mod key_share;
mod lists;
mod padding;
mod pre_shared_key;
mod record_size_limit;
mod server_name;
mod signed_certificate_timestamp;
mod status_request;
mod supported_versions;
mod ticket_request;
mod unspoken;

pub use alpn::Alpn;
pub use certificate_types::CertificateTypes;
pub use compress_certificate::CompressCertificate;
pub use key_share::{KeyShare, KeyShareEntry};
pub use lists::{
    CertificateAuthorities, EcPointFormats, PskKeyExchangeModes, SignatureAlgorithms, SignatureAlgorithmsCert,
    SupportedGroups,
};
pub use padding::Padding;
pub use pre_shared_key::{ImportedIdentity, OfferedPsks, PreSharedKey, PskBinder, PskIdentity};
pub use record_size_limit::RecordSizeLimit;
pub use server_name::{Name, ServerNameExtension};
pub use signed_certificate_timestamp::{SerializedSct, SignedCertificateTimestamps};
pub use status_request::{CertificateStatus, ResponderId, StatusRequest};
pub use supported_versions::SupportedVersions;
pub use ticket_request::{TicketCounts, TicketRequest};

use crate::wire::numbers::ExtensionType;
use crate::wire::{Malformed, Opaque, Opaque16, Prefix, Problem, Reader, Wire, Writer};

/// The messages that carry extensions; the letters in the table below. A form that differs from place to place is
/// chosen by this.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// ClientHello.
    ClientHello,
    /// ServerHello of TLS 1.2 and older.
    ClassicServerHello,
    /// ServerHello of TLS 1.3.
    ServerHello,
    /// HelloRetryRequest.
    HelloRetryRequest,
    /// EncryptedExtensions.
    EncryptedExtensions,
    /// An entry of TLS 1.3's Certificate.
    CertificateEntry,
    /// CertificateRequest of TLS 1.3.
    CertificateRequest,
    /// NewSessionTicket of TLS 1.3.
    NewSessionTicket,
}

/// The contents of an extension, whose form may depend on the message it stands in.
pub(crate) trait Body<'a>: Sized {
    /// Reads all of the contents.
    fn decode(r: &mut Reader<'a>, place: Place) -> Result<Self, Malformed>;
    /// Writes the contents.
    fn encode(&self, w: &mut Writer);
}

/// The table. A row: the variant, its type number, the contents' type, the messages it may stand in, what it is for, and the section that
/// defines it.
macro_rules! table {
    ($( $variant:ident ( $ty:ty ) = $number:ident, $getter:ident, [$($place:ident)*], $note:literal, $rfc:literal; )*) => {
        /// An extension, decoded.
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub enum Extension<'a> {
            $( #[doc = concat!($note, " (", $rfc, ").")] $variant($ty), )*
            /// One that is not spoken here, as it came.
            Unknown(ExtensionType, &'a [u8]),
        }

        impl<'a> Extension<'a> {
            /// Its type.
            pub fn kind(&self) -> ExtensionType {
                match self { $( Self::$variant(_) => ExtensionType::$number, )* Self::Unknown(t, _) => *t }
            }

            /// What one of this type is for, and the section that defines it.
            fn about(kind: ExtensionType, place: Place) -> (&'static str, &'static str) {
                match kind {
                    $( ExtensionType::$number => ($note, $rfc), )*
                    _ => unspoken::about(kind, place),
                }
            }

            fn decode_body(kind: ExtensionType, r: &mut Reader<'a>, place: Place) -> Result<Self, Malformed> {
                match kind {
                    $( ExtensionType::$number => {
                        if !matches!(place, $( Place::$place )|*) {
                            return Err(r.fault(Problem::Misplaced));
                        }
                        <$ty as Body<'a>>::decode(r, place).map(Self::$variant)
                    } )*
                    _ => {
                        if r.is_empty() {
                            return Ok(Self::Unknown(kind, &[]));
                        }
                        r.field("extension_data", unspoken::DATA, "RFC 9846 4.3, RFC 5246 7.4.1.4", |r| {
                            let body = r.rest();
                            r.say(|| crate::wire::hex(body));
                            Ok(Self::Unknown(kind, body))
                        })
                    }
                }
            }

            fn encode_body(&self, w: &mut Writer) {
                match self { $( Self::$variant(body) => Body::encode(body, w), )* Self::Unknown(_, body) => w.bytes(body) }
            }
        }

        impl<'a> Extensions<'a> {
            $(
                #[doc = concat!($note, " (", $rfc, ").")]
                pub fn $getter(&self) -> Option<&$ty> {
                    self.list.iter().find_map(|e| match e { Extension::$variant(body) => Some(body), _ => None })
                }
            )*
        }
    };
}

table! {
    ServerName(ServerNameExtension<'a>) = SERVER_NAME, server_name,
        [ClientHello ClassicServerHello EncryptedExtensions CertificateRequest], "Which of the server's names the client wants to reach", "RFC 6066 3";
    StatusRequest(StatusRequest<'a>) = STATUS_REQUEST, status_request,
        [ClientHello ClassicServerHello CertificateEntry CertificateRequest], "Fresh word of the authority, with the certificate, that it is not revoked", "RFC 6066 8, RFC 9846 4.5.1.1";
    SupportedGroups(SupportedGroups<'a>) = SUPPORTED_GROUPS, supported_groups,
        [ClientHello ClassicServerHello EncryptedExtensions], "Groups for the key exchange, best first", "RFC 9846 4.3.7, RFC 8422 5.1.1";
    EcPointFormats(EcPointFormats<'a>) = EC_POINT_FORMATS, ec_point_formats,
        [ClientHello ClassicServerHello], "How points on a curve may be written", "RFC 8422 5.1.2";
    SignatureAlgorithms(SignatureAlgorithms<'a>) = SIGNATURE_ALGORITHMS, signature_algorithms,
        [ClientHello CertificateRequest], "Signatures that the sender can verify", "RFC 9846 4.3.3, RFC 5246 7.4.1.4.1";
    SignatureAlgorithmsCert(SignatureAlgorithmsCert<'a>) = SIGNATURE_ALGORITHMS_CERT, signature_algorithms_cert,
        [ClientHello CertificateRequest], "Signatures that the sender can verify in certificates", "RFC 9846 4.3.3";
    Alpn(Alpn<'a>) = APPLICATION_LAYER_PROTOCOL_NEGOTIATION, alpn,
        [ClientHello ClassicServerHello EncryptedExtensions], "What to speak inside: HTTP/1.1, HTTP/2 or another protocol", "RFC 7301 3.1";
    SignedCertificateTimestamps(SignedCertificateTimestamps<'a>) = SIGNED_CERTIFICATE_TIMESTAMP, signed_certificate_timestamps,
        [ClientHello ClassicServerHello CertificateEntry CertificateRequest], "Proof that public logs have seen the certificate", "RFC 6962 3.3.1";
    ClientCertificateType(CertificateTypes<'a>) = CLIENT_CERTIFICATE_TYPE, client_certificate_type,
        [ClientHello ClassicServerHello EncryptedExtensions], "What the client's Certificate may hold", "RFC 7250 3";
    ServerCertificateType(CertificateTypes<'a>) = SERVER_CERTIFICATE_TYPE, server_certificate_type,
        [ClientHello ClassicServerHello EncryptedExtensions], "What the server's Certificate may hold", "RFC 7250 3";
    CompressCertificate(CompressCertificate<'a>) = COMPRESS_CERTIFICATE, compress_certificate,
        [ClientHello CertificateRequest], "How the other side's Certificate may be compressed", "RFC 8879 3";
    ExtendedMasterSecret(Empty) = EXTENDED_MASTER_SECRET, extended_master_secret,
        [ClientHello ClassicServerHello], "The master secret is tied to the whole handshake", "RFC 7627 5.1";
    EncryptThenMac(Empty) = ENCRYPT_THEN_MAC, encrypt_then_mac,
        [ClientHello ClassicServerHello], "Block ciphers encrypt first, and authenticate then", "RFC 7366 2";
    SessionTicket(Bytes<'a>) = SESSION_TICKET, session_ticket,
        [ClientHello ClassicServerHello], "A ticket to resume by; empty, it asks for one or promises one", "RFC 5077 3.2";
    RenegotiationInfo(RenegotiationInfo<'a>) = RENEGOTIATION_INFO, renegotiation_info,
        [ClientHello ClassicServerHello], "Ties a second handshake to the first", "RFC 5746 3.2";
    SupportedVersions(SupportedVersions<'a>) = SUPPORTED_VERSIONS, supported_versions,
        [ClientHello ServerHello HelloRetryRequest], "The versions: this, and not legacy_version, decides", "RFC 9846 4.3.1";
    Cookie(Cookie<'a>) = COOKIE, cookie,
        [ClientHello HelloRetryRequest], "Bytes of the server's that the client sends back, so that the server need not remember", "RFC 9846 4.3.2";
    PskKeyExchangeModes(PskKeyExchangeModes<'a>) = PSK_KEY_EXCHANGE_MODES, psk_key_exchange_modes,
        [ClientHello], "Whether a resumption still makes fresh keys", "RFC 9846 4.3.9";
    CertificateAuthorities(CertificateAuthorities<'a>) = CERTIFICATE_AUTHORITIES, certificate_authorities,
        [ClientHello CertificateRequest], "Names of authorities that the sender trusts", "RFC 9846 4.3.4";
    KeyShare(KeyShare<'a>) = KEY_SHARE, key_share,
        [ClientHello ServerHello HelloRetryRequest], "A fresh public key: half of the key exchange", "RFC 9846 4.3.8";
    PreSharedKey(PreSharedKey<'a>) = PRE_SHARED_KEY, pre_shared_key,
        [ClientHello ServerHello], "Keys that both sides have already, mostly of an earlier visit, with proof", "RFC 9846 4.3.11";
    EarlyData(EarlyData) = EARLY_DATA, early_data,
        [ClientHello EncryptedExtensions NewSessionTicket], "The client sends data at once, before the handshake is done", "RFC 9846 4.3.10";
    TicketRequest(TicketRequest) = TICKET_REQUEST, ticket_request,
        [ClientHello EncryptedExtensions], "How many tickets the client wants, or the server will send", "RFC 9149 3";
    PostHandshakeAuth(Empty) = POST_HANDSHAKE_AUTH, post_handshake_auth,
        [ClientHello], "The client may be asked for a certificate after the handshake", "RFC 9846 4.3.6";
    RecordSizeLimit(RecordSizeLimit) = RECORD_SIZE_LIMIT, record_size_limit,
        [ClientHello ClassicServerHello EncryptedExtensions], "How much a record may hold that is sent here", "RFC 8449 4";
    Padding(Padding) = PADDING, padding,
        [ClientHello], "Zeros: they make the message longer, because some servers choke on certain lengths", "RFC 7685 3";
}

/// An extension without contents: being there says it all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Empty;

impl<'a> Body<'a> for Empty {
    fn decode(r: &mut Reader<'a>, _: Place) -> Result<Self, Malformed> {
        r.say(|| "yes".into());
        r.finish().map(|()| Self)
    }
    fn encode(&self, _: &mut Writer) {}
}

/// The contents of `session_ticket`, which are taken as they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bytes<'a>(pub &'a [u8]);

const TICKET: &str = "A session, sealed so that only the server can read it";

impl<'a> Body<'a> for Bytes<'a> {
    fn decode(r: &mut Reader<'a>, _: Place) -> Result<Self, Malformed> {
        if r.is_empty() {
            r.say(|| "empty".into());
            return Ok(Self(&[]));
        }
        r.field("ticket", TICKET, "RFC 5077 3.2", |r| {
            let bytes = r.rest();
            r.say(|| crate::wire::hex(bytes));
            Ok(Self(bytes))
        })
    }
    fn encode(&self, w: &mut Writer) {
        w.bytes(self.0);
    }
}

/// `opaque renegotiated_connection<0..255>` (RFC 5746 3.2): the Finished values of the handshake before, or nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RenegotiationInfo<'a>(pub &'a [u8]);

const RENEGOTIATED: &str = "The Finished values of the handshake before; empty in a first one";

impl<'a> Body<'a> for RenegotiationInfo<'a> {
    fn decode(r: &mut Reader<'a>, _: Place) -> Result<Self, Malformed> {
        r.field("renegotiated_connection", RENEGOTIATED, "RFC 5746 3.2", Opaque::<'a, 1, 0, 255>::decode)
            .map(|o| Self(o.0))
    }
    fn encode(&self, w: &mut Writer) {
        w.within(Prefix::U8, |w| w.bytes(self.0));
    }
}

/// `opaque cookie<1..2^16-1>` (RFC 9846 4.3.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cookie<'a>(pub &'a [u8]);

const COOKIE: &str = "Whatever the server wants to see again; it means nothing to the client";

impl<'a> Body<'a> for Cookie<'a> {
    fn decode(r: &mut Reader<'a>, _: Place) -> Result<Self, Malformed> {
        r.field("cookie", COOKIE, "RFC 9846 4.3.2", Opaque::<'a, 2, 1, 0xffff>::decode).map(|o| Self(o.0))
    }
    fn encode(&self, w: &mut Writer) {
        w.within(Prefix::U16, |w| w.bytes(self.0));
    }
}

/// Empty, but for a NewSessionTicket's `uint32 max_early_data_size` (RFC 9846 4.3.10).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EarlyData(pub Option<u32>);

const MAX_EARLY: &str = "How much may be sent at once at the next visit, before the handshake is done";

impl<'a> Body<'a> for EarlyData {
    fn decode(r: &mut Reader<'a>, place: Place) -> Result<Self, Malformed> {
        if place == Place::NewSessionTicket {
            return r.field("max_early_data_size", MAX_EARLY, "RFC 9846 4.3.10", |r| {
                let bytes = u32::decode(r)?;
                r.say(|| format!("{bytes} bytes"));
                Ok(Self(Some(bytes)))
            });
        }
        r.say(|| "yes".into());
        r.finish().map(|()| Self(None))
    }
    fn encode(&self, w: &mut Writer) {
        if let Some(n) = self.0 {
            w.u32(n);
        }
    }
}

/// The extensions of one message, in order. No type stands twice, and `pre_shared_key` stands last in a ClientHello.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Extensions<'a> {
    /// All of them, in the order of the wire.
    pub list: Vec<Extension<'a>>,
    /// Whether the block is there at all; before TLS 1.3 an empty one may be left out (RFC 5246 7.4.1.2).
    pub present: bool,
}

/// More extensions than any real peer sends; a bound on work, not on what is legal.
const MOST: usize = 128;

impl<'a> Extensions<'a> {
    /// These, as a block that is present.
    pub fn of(list: Vec<Extension<'a>>) -> Self {
        Self { list, present: true }
    }

    /// The one of this type, known or unknown.
    pub fn find(&self, kind: ExtensionType) -> Option<&Extension<'a>> {
        self.list.iter().find(|e| e.kind() == kind)
    }

    /// Reads the block with its two-byte length.
    pub(crate) fn decode(r: &mut Reader<'a>, place: Place) -> Result<Self, Malformed> {
        r.within(Prefix::U16, 0..=0xffff, |r| {
            // Four bytes an extension at least: a chain of empty blocks costs nothing.
            let mut list: Vec<Extension<'a>> = Vec::with_capacity((r.peek_rest().len() / 4).min(16));
            while !r.is_empty() {
                let mut peek = Reader::new(r.peek_rest());
                let kind = ExtensionType(peek.u16().map_err(|_| r.fault(Problem::Truncated))?);
                let name = kind.name().unwrap_or("unknown extension");
                let one = r.field(name, "", "", |r| {
                    r.note(|| Extension::about(kind, place));
                    r.u16()?;
                    if list.iter().any(|e| e.kind() == kind) {
                        return Err(r.fault(Problem::Duplicate));
                    }
                    if list.len() == MOST {
                        return Err(r.fault(Problem::Length));
                    }
                    if kind.name().is_none() {
                        r.say(|| kind.to_string());
                    }
                    r.within(Prefix::U16, 0..=0xffff, |r| Extension::decode_body(kind, r, place))
                })?;
                list.push(one);
                if place == Place::ClientHello && kind == ExtensionType::PRE_SHARED_KEY && !r.is_empty() {
                    return Err(Malformed { field: "pre_shared_key", ..r.fault(Problem::NotLast) });
                }
            }
            Ok(Self { list, present: true })
        })
    }

    /// Reads the block if there is one: in hellos, and nowhere else, it may be missing.
    pub(crate) fn decode_optional(r: &mut Reader<'a>, place: Place) -> Result<Self, Malformed> {
        if r.is_empty() { Ok(Self::default()) } else { Self::decode(r, place) }
    }

    /// Writes the block, or nothing if it is not present.
    pub(crate) fn encode(&self, w: &mut Writer) {
        if !self.present {
            return;
        }
        w.within(Prefix::U16, |w| {
            for one in &self.list {
                one.kind().encode(w);
                w.within(Prefix::U16, |w| one.encode_body(w));
            }
        });
    }
}

/// A vector of opaque values, each behind two bytes of length, all behind two more.
pub(crate) fn opaque_list<'a>(
    r: &mut Reader<'a>,
    name: &'static str,
    note: &'static str,
    rfc: &'static str,
    least: usize,
) -> Result<Vec<Opaque16<'a>>, Malformed> {
    r.within(Prefix::U16, least..=0xffff, |r| {
        let mut out = Vec::new();
        while !r.is_empty() {
            out.push(r.field(name, note, rfc, Opaque16::decode)?);
        }
        Ok(out)
    })
}
