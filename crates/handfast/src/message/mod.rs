//! Handshake messages: one room each, every version of it, both directions.
//!
//! A message is decoded once, to its final type. What its bytes mean can depend on what was agreed before, so the
//! decoder is told the [`Dialect`]; a form of the wrong version is a decode error.

mod about;
mod certificate;
mod certificate_request;
mod certificate_status;
mod certificate_verify;
mod client_hello;
mod client_key_exchange;
mod compressed_certificate;
mod encrypted_extensions;
mod finished;
mod key_update;
mod new_session_ticket;
mod raw_public_key;
mod server_hello;
mod server_key_exchange;
mod sslv2_hello;

pub use certificate::{Certificate, CertificateEntry};
pub use certificate_request::{CertificateRequest, CertificateRequest13};
pub use certificate_status::CertificateStatus;
pub use certificate_verify::CertificateVerify;
pub use client_hello::{ClientHello, Fixed as ClientHelloFixed};
pub use client_key_exchange::{ClientHalf, ClientKeyExchange};
pub use compressed_certificate::CompressedCertificate;
pub use encrypted_extensions::EncryptedExtensions;
pub use finished::Finished;
pub use key_update::KeyUpdate;
pub use new_session_ticket::{NewSessionTicket, NewSessionTicket13};
pub use raw_public_key::RawPublicKey;
pub use server_hello::{Fixed as ServerHelloFixed, HELLO_RETRY_REQUEST_RANDOM, ServerHello};
pub use server_key_exchange::{Params, ServerKeyExchange, Signed};
pub use sslv2_hello::{Sslv2Hello, V2CipherSpec};

use crate::crypto::KeyExchangeKind;
use crate::wire::numbers::HandshakeType;
use crate::wire::{Field, Malformed, Prefix, Problem, Reader, Wire, Writer};

/// What must be known to read a message: nothing for hellos; the family, and in the classic one the forms, after that.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// Nothing is agreed yet: only hellos can be read.
    Hello,
    /// Nothing is agreed yet, and a ClientHello has come in SSL 2.0's form: its header is the type alone.
    Sslv2,
    /// SSL 3.0 to TLS 1.2.
    Classic(ClassicForm),
    /// TLS 1.3.
    Tls13,
}

/// The forms that differ among the classic versions, and the key exchange, which decides two messages' contents.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClassicForm {
    /// Signatures name their scheme, and CertificateRequest lists schemes (TLS 1.2).
    pub schemes: bool,
    /// The encrypted premaster secret stands behind a length (all but SSL 3.0).
    pub premaster_length: bool,
    /// A client says by a warning that it has no certificate (SSL 3.0, RFC 6101 5.5.2).
    pub no_certificate_alert: bool,
    /// The agreed suite's key exchange.
    pub key_exchange: KeyExchangeKind,
    /// The next Certificate holds a raw public key, and no chain (RFC 7250 3).
    pub raw_public_key: bool,
}

/// A handshake message, decoded.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "each is documented in its room")]
pub enum Message<'a> {
    HelloRequest,
    ClientHello(ClientHello<'a>),
    Sslv2Hello(Sslv2Hello<'a>),
    ServerHello(ServerHello<'a>),
    HelloRetryRequest(ServerHello<'a>),
    EncryptedExtensions(EncryptedExtensions<'a>),
    Certificate(Certificate<'a>),
    CertificateStatus(CertificateStatus<'a>),
    CompressedCertificate(CompressedCertificate<'a>),
    RawPublicKey(RawPublicKey<'a>),
    ServerKeyExchange(ServerKeyExchange<'a>),
    CertificateRequest(CertificateRequest<'a>),
    CertificateRequest13(CertificateRequest13<'a>),
    ServerHelloDone,
    CertificateVerify(CertificateVerify<'a>),
    ClientKeyExchange(ClientKeyExchange<'a>),
    Finished(Finished<'a>),
    NewSessionTicket(NewSessionTicket<'a>),
    NewSessionTicket13(NewSessionTicket13<'a>),
    EndOfEarlyData,
    KeyUpdate(KeyUpdate),
}

/// The bytes of a header: type, and length.
pub const HEADER: usize = 4;

impl<'a> Message<'a> {
    /// Decodes a whole message, header included.
    ///
    /// # Errors
    /// [`Malformed`], which names the field. A message that does not exist in this dialect is [`Problem::Misplaced`]; the connection turns
    /// that into `unexpected_message`.
    pub fn decode(raw: &'a [u8], dialect: Dialect) -> Result<Self, Malformed> {
        Self::read(&mut Reader::new(raw), dialect)
    }

    fn read(r: &mut Reader<'a>, dialect: Dialect) -> Result<Self, Malformed> {
        use HandshakeType as T;
        if dialect == Dialect::Sslv2 {
            return Self::read_sslv2(r);
        }
        let kind = r.field("msg_type", about::MSG_TYPE, "RFC 9846 4, RFC 5246 7.4", <T as Wire<'_>>::decode)?;
        let all = r.left().saturating_sub(3);
        let name = kind.name().unwrap_or("unknown message");
        r.field(name, "", "", |r| {
            r.note(|| about::message(kind, dialect));
            r.within(Prefix::U24, all..=all, |r| {
                Ok(match (kind, dialect) {
                    (T::HELLO_REQUEST, Dialect::Classic(_) | Dialect::Hello) => Self::HelloRequest,
                    (T::CLIENT_HELLO, _) => Self::ClientHello(ClientHello::decode(r)?),
                    (T::SERVER_HELLO, _) => {
                        let hello = ServerHello::decode(r)?;
                        match hello.is_retry() {
                            true => Self::HelloRetryRequest(hello),
                            false => Self::ServerHello(hello),
                        }
                    }
                    (T::ENCRYPTED_EXTENSIONS, Dialect::Tls13) => {
                        Self::EncryptedExtensions(EncryptedExtensions::decode(r)?)
                    }
                    (T::CERTIFICATE, Dialect::Classic(form)) if form.raw_public_key => {
                        Self::RawPublicKey(RawPublicKey::decode(r)?)
                    }
                    (T::CERTIFICATE, Dialect::Classic(_)) => Self::Certificate(Certificate::decode_classic(r)?),
                    (T::CERTIFICATE, Dialect::Tls13) => Self::Certificate(Certificate::decode_13(r)?),
                    (T::CERTIFICATE_STATUS, Dialect::Classic(_)) => Self::CertificateStatus(Wire::decode(r)?),
                    (T::COMPRESSED_CERTIFICATE, Dialect::Tls13) => {
                        Self::CompressedCertificate(CompressedCertificate::decode(r)?)
                    }
                    (T::SERVER_KEY_EXCHANGE, Dialect::Classic(form)) => {
                        Self::ServerKeyExchange(ServerKeyExchange::decode(r, form)?)
                    }
                    (T::CERTIFICATE_REQUEST, Dialect::Classic(form)) => {
                        Self::CertificateRequest(CertificateRequest::decode(r, form)?)
                    }
                    (T::CERTIFICATE_REQUEST, Dialect::Tls13) => {
                        Self::CertificateRequest13(CertificateRequest13::decode(r)?)
                    }
                    (T::SERVER_HELLO_DONE, Dialect::Classic(_)) => Self::ServerHelloDone,
                    (T::CERTIFICATE_VERIFY, Dialect::Classic(form)) => {
                        Self::CertificateVerify(CertificateVerify::decode_classic(r, form.schemes)?)
                    }
                    (T::CERTIFICATE_VERIFY, Dialect::Tls13) => {
                        Self::CertificateVerify(CertificateVerify::decode_13(r)?)
                    }
                    (T::CLIENT_KEY_EXCHANGE, Dialect::Classic(form)) => {
                        Self::ClientKeyExchange(ClientKeyExchange::decode(r, form)?)
                    }
                    (T::FINISHED, Dialect::Classic(_)) => Self::Finished(Finished::decode_classic(r)?),
                    (T::FINISHED, Dialect::Tls13) => Self::Finished(Finished::decode_13(r)?),
                    (T::NEW_SESSION_TICKET, Dialect::Classic(_)) => Self::NewSessionTicket(Wire::decode(r)?),
                    (T::NEW_SESSION_TICKET, Dialect::Tls13) => Self::NewSessionTicket13(NewSessionTicket13::decode(r)?),
                    (T::END_OF_EARLY_DATA, Dialect::Tls13) => Self::EndOfEarlyData,
                    (T::KEY_UPDATE, Dialect::Tls13) => Self::KeyUpdate(KeyUpdate::decode(r)?),
                    _ => return Err(r.fault(Problem::Misplaced)),
                })
            })
        })
    }

    fn read_sslv2(r: &mut Reader<'a>) -> Result<Self, Malformed> {
        match r.field("msg_type", about::MSG_TYPE, "RFC 5246 E.2", <HandshakeType as Wire<'_>>::decode)? {
            HandshakeType::CLIENT_HELLO => {
                Ok(Self::Sslv2Hello(r.field("client_hello", about::SSLV2, "RFC 5246 E.2", Sslv2Hello::decode)?))
            }
            _ => Err(r.fault(Problem::Misplaced)),
        }
    }

    /// The fields of a message, as far as it can be read: of a malformed one, those up to the fault, and the fault.
    pub fn describe(raw: &[u8], dialect: Dialect) -> (Vec<Field>, Option<Malformed>) {
        let mut r = Reader::noting(raw);
        let fault = Message::read(&mut r, dialect).err();
        (r.into_notes(), fault)
    }

    /// The type on the wire.
    pub fn kind(&self) -> HandshakeType {
        use HandshakeType as T;
        match self {
            Self::HelloRequest => T::HELLO_REQUEST,
            Self::ClientHello(_) | Self::Sslv2Hello(_) => T::CLIENT_HELLO,
            Self::ServerHello(_) | Self::HelloRetryRequest(_) => T::SERVER_HELLO,
            Self::EncryptedExtensions(_) => T::ENCRYPTED_EXTENSIONS,
            Self::Certificate(_) | Self::RawPublicKey(_) => T::CERTIFICATE,
            Self::CertificateStatus(_) => T::CERTIFICATE_STATUS,
            Self::CompressedCertificate(_) => T::COMPRESSED_CERTIFICATE,
            Self::ServerKeyExchange(_) => T::SERVER_KEY_EXCHANGE,
            Self::CertificateRequest(_) | Self::CertificateRequest13(_) => T::CERTIFICATE_REQUEST,
            Self::ServerHelloDone => T::SERVER_HELLO_DONE,
            Self::CertificateVerify(_) => T::CERTIFICATE_VERIFY,
            Self::ClientKeyExchange(_) => T::CLIENT_KEY_EXCHANGE,
            Self::Finished(_) => T::FINISHED,
            Self::NewSessionTicket(_) | Self::NewSessionTicket13(_) => T::NEW_SESSION_TICKET,
            Self::EndOfEarlyData => T::END_OF_EARLY_DATA,
            Self::KeyUpdate(_) => T::KEY_UPDATE,
        }
    }

    /// The name of a whole message: [`HandshakeType`]'s, but that a HelloRetryRequest is told from a ServerHello.
    pub fn name(raw: &[u8]) -> &'static str {
        match raw.first().map(|t| HandshakeType(*t)) {
            Some(HandshakeType::SERVER_HELLO) if raw.get(6..38) == Some(&HELLO_RETRY_REQUEST_RANDOM[..]) => {
                "HelloRetryRequest"
            }
            Some(kind) => kind.name().unwrap_or("unknown message"),
            None => "nothing",
        }
    }

    /// Writes the whole message, header included.
    pub fn encode(&self, w: &mut Writer) {
        w.u8(self.kind().0);
        if let Self::Sslv2Hello(m) = self {
            return m.encode(w);
        }
        w.within(Prefix::U24, |w| match self {
            Self::HelloRequest | Self::ServerHelloDone | Self::EndOfEarlyData | Self::Sslv2Hello(_) => {}
            Self::ClientHello(m) => m.encode(w),
            Self::ServerHello(m) | Self::HelloRetryRequest(m) => m.encode(w),
            Self::EncryptedExtensions(m) => m.encode(w),
            Self::Certificate(m) => m.encode(w),
            Self::CertificateStatus(m) => Wire::encode(m, w),
            Self::CompressedCertificate(m) => m.encode(w),
            Self::RawPublicKey(m) => m.encode(w),
            Self::ServerKeyExchange(m) => m.encode(w),
            Self::CertificateRequest(m) => m.encode(w),
            Self::CertificateRequest13(m) => m.encode(w),
            Self::CertificateVerify(m) => m.encode(w),
            Self::ClientKeyExchange(m) => m.encode(w),
            Self::Finished(m) => m.encode(w),
            Self::NewSessionTicket(m) => Wire::encode(m, w),
            Self::NewSessionTicket13(m) => m.encode(w),
            Self::KeyUpdate(m) => m.encode(w),
        });
    }

    /// The whole message as bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut w = Writer::new();
        self.encode(&mut w);
        w.into_bytes()
    }
}

/// What the rooms' tests share.
#[cfg(test)]
pub(crate) mod testing {
    use super::*;

    /// A classic dialect.
    pub(crate) fn classic(key_exchange: KeyExchangeKind, schemes: bool) -> Dialect {
        Dialect::Classic(ClassicForm {
            schemes,
            premaster_length: true,
            no_certificate_alert: false,
            key_exchange,
            raw_public_key: false,
        })
    }

    /// The message survives encoding and decoding; every shorter and every longer form is refused; describing it shows
    /// fields, whole and cut.
    pub(crate) fn round_trip(message: &Message<'_>, dialect: Dialect) -> Vec<u8> {
        let raw = message.to_bytes();
        assert_eq!(Message::decode(&raw, dialect).as_ref(), Ok(message));
        for n in 0..raw.len() {
            assert!(Message::decode(&raw[..n], dialect).is_err(), "cut to {n} bytes");
            let (fields, fault) = Message::describe(&raw[..n], dialect);
            assert!(fault.is_some(), "described without a fault, cut to {n} bytes");
            all_noted(&fields);
        }
        let longer = [&raw[..], &[0]].concat();
        assert!(Message::decode(&longer, dialect).is_err());
        let (fields, fault) = Message::describe(&raw, dialect);
        assert_eq!(fault, None);
        assert_eq!(fields.iter().map(|f| f.range.len()).sum::<usize>(), raw.len(), "{fields:#?}");
        all_noted(&fields);
        raw
    }

    /// Everything that has a name says what it is for, and by which section.
    #[track_caller]
    fn all_noted(fields: &[Field]) {
        for field in fields {
            let told = !field.note.is_empty() && field.rfc.starts_with("RFC ");
            assert!(field.name.is_empty() || told, "{field:?}");
            all_noted(&field.parts);
        }
    }

    /// What is wrong with these bytes as a message of this type.
    pub(crate) fn fault(kind: HandshakeType, body: &[u8], dialect: Dialect) -> Malformed {
        let mut raw = vec![kind.0, 0, (body.len() >> 8) as u8, body.len() as u8];
        raw.extend_from_slice(body);
        Message::decode(&raw, dialect).expect_err("it is malformed")
    }
}

#[cfg(test)]
mod tests {
    use super::testing::{classic, round_trip};
    use super::*;

    #[test]
    fn messages_without_content() {
        round_trip(&Message::HelloRequest, classic(KeyExchangeKind::Rsa, true));
        round_trip(&Message::ServerHelloDone, classic(KeyExchangeKind::Rsa, true));
        round_trip(&Message::EndOfEarlyData, Dialect::Tls13);
        assert!(Message::decode(&[14, 0, 0, 1, 0], classic(KeyExchangeKind::Rsa, true)).is_err());
    }

    #[test]
    fn a_type_that_the_dialect_does_not_have_is_out_of_place() {
        for (kind, dialect) in [
            (HandshakeType::SERVER_HELLO_DONE, Dialect::Tls13),
            (HandshakeType::KEY_UPDATE, classic(KeyExchangeKind::Ecdhe, true)),
            (HandshakeType::FINISHED, Dialect::Hello),
            (HandshakeType::MESSAGE_HASH, Dialect::Tls13),
            (HandshakeType(77), Dialect::Tls13),
        ] {
            assert_eq!(testing::fault(kind, &[], dialect).problem, Problem::Misplaced, "{kind}");
        }
    }

    /// No bytes make the decoder panic or loop: every type, every dialect, lengths and values from a fixed sequence.
    #[test]
    fn noise_is_refused_or_read_and_never_more() {
        let mut x = 0x9e37_79b9_7f4a_7c15_u64;
        let mut next = move || {
            x ^= x << 13;
            x ^= x >> 7;
            x ^= x << 17;
            x
        };
        let dialects = [
            Dialect::Hello,
            Dialect::Tls13,
            classic(KeyExchangeKind::Rsa, true),
            classic(KeyExchangeKind::Ecdhe, false),
        ];
        let mut read = 0;
        for _ in 0..40_000 {
            let n = (next() % 60) as usize;
            let mut raw = vec![(next() % 26) as u8, 0, 0, n as u8];
            // Small numbers make lengths that fit more often.
            raw.extend((0..n).map(|_| if next() % 3 == 0 { (next() % 256) as u8 } else { (next() % 6) as u8 }));
            for dialect in dialects {
                let decoded = Message::decode(&raw, dialect);
                let (_, fault) = Message::describe(&raw, dialect);
                assert_eq!(decoded.as_ref().err(), fault.as_ref(), "describing and decoding agree");
                if let Ok(message) = decoded {
                    read += 1;
                    assert_eq!(message.to_bytes(), raw, "what is read is written the same");
                }
            }
        }
        assert!(read > 1000, "the noise is too wild to test anything: {read}");
    }
}
