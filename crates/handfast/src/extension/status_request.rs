//! status_request (RFC 6066 8, RFC 9846 4.5.1.1): may the certificate come with an OCSP response?
//!
//! ```text
//! ClientHello:         struct { CertificateStatusType status_type; OCSPStatusRequest request; } CertificateStatusRequest
//!                      struct { ResponderID responder_id_list<0..2^16-1>; Extensions request_extensions; } OCSPStatusRequest
//!                      opaque ResponderID<1..2^16-1>; opaque Extensions<0..2^16-1>;
//! ServerHello before TLS 1.3, CertificateRequest: empty
//! CertificateEntry:    struct { CertificateStatusType status_type; OCSPResponse response; } CertificateStatus
//!                      opaque OCSPResponse<1..2^24-1>;
//! ```

use super::{Body, Place};
use crate::wire::numbers::CertificateStatusType;
use crate::wire::{List, Malformed, Opaque, Opaque16, Opaque24, Prefix, Problem, Reader, Wire, Writer};

/// `opaque ResponderID<1..2^16-1>`
pub type ResponderId<'a> = Opaque<'a, 2, 1, 0xffff>;

/// What status_request holds: it depends on the message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StatusRequest<'a> {
    /// A client would like an OCSP response.
    Ocsp {
        /// Responders that it trusts, as DER; empty: it knows which by itself.
        responders: List<'a, ResponderId<'a>>,
        /// Extensions for the request, as DER; mostly empty.
        extensions: Opaque16<'a>,
    },
    /// A client would like a status of a type that is not known here, which is passed over.
    Other(CertificateStatusType, &'a [u8]),
    /// By a server of TLS 1.2 or older: CertificateStatus may come. By one of TLS 1.3, in CertificateRequest: may the client's
    /// certificate come with a response?
    Empty,
    /// The response for the certificate that this stands with.
    Status(CertificateStatus<'a>),
}

impl StatusRequest<'_> {
    /// A client would like an OCSP response, of whatever responder.
    pub const WANTED: Self = Self::Ocsp { responders: List::EMPTY, extensions: Opaque(&[]) };
}

const STATUS_TYPE: &str = "How the status is told";
const OTHER: &str = "A request of a kind that is not known here";
const RESPONDERS: &str = "Whom the client would believe; empty: the server knows whom to ask";
const EXTENSIONS: &str = "What else to ask for, in DER; mostly empty";
const RESPONSE: &str =
    "What the authority's responder says and signs: good, revoked or unknown, and until when that holds";

impl<'a> Body<'a> for StatusRequest<'a> {
    fn decode(r: &mut Reader<'a>, place: Place) -> Result<Self, Malformed> {
        match place {
            Place::ClientHello => {
                let kind = r.field("status_type", STATUS_TYPE, "RFC 6066 8", CertificateStatusType::decode)?;
                if kind != CertificateStatusType::OCSP {
                    return Ok(Self::Other(kind, r.field("request", OTHER, "RFC 6066 8", |r| Ok(r.rest()))?));
                }
                let responders = r.field("responder_id_list", RESPONDERS, "RFC 6066 8", |r| {
                    r.within(Prefix::U16, 0..=0xffff, List::<'a, ResponderId<'a>>::rest)
                })?;
                let extensions = r.field("request_extensions", EXTENSIONS, "RFC 6066 8", Opaque16::decode)?;
                Ok(Self::Ocsp { responders, extensions })
            }
            Place::CertificateEntry => CertificateStatus::decode(r).map(Self::Status),
            _ => {
                r.say(|| "yes".into());
                r.finish().map(|()| Self::Empty)
            }
        }
    }
    fn encode(&self, w: &mut Writer) {
        match self {
            Self::Ocsp { responders, extensions } => {
                CertificateStatusType::OCSP.encode(w);
                w.within(Prefix::U16, |w| responders.encode(w));
                extensions.encode(w);
            }
            Self::Other(kind, request) => {
                kind.encode(w);
                w.bytes(request);
            }
            Self::Empty => {}
            Self::Status(status) => status.encode(w),
        }
    }
}

/// A certificate's status: also the whole of the message of that name (RFC 6066 8).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CertificateStatus<'a> {
    /// The OCSP response, DER.
    pub response: &'a [u8],
}

impl<'a> Wire<'a> for CertificateStatus<'a> {
    fn decode(r: &mut Reader<'a>) -> Result<Self, Malformed> {
        r.field("status_type", STATUS_TYPE, "RFC 6066 8", |r| match CertificateStatusType::decode(r)? {
            CertificateStatusType::OCSP => Ok(()),
            _ => Err(r.fault(Problem::Value("is not ocsp, which was asked for"))),
        })?;
        Ok(Self { response: r.field("response", RESPONSE, "RFC 6066 8", Opaque24::decode)?.0 })
    }
    fn encode(&self, w: &mut Writer) {
        CertificateStatusType::OCSP.encode(w);
        w.within(Prefix::U24, |w| w.bytes(self.response));
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Extension, Extensions};
    use super::*;

    fn round_trip(body: StatusRequest<'_>, place: Place, bytes: &[u8]) {
        let extensions = Extensions::of(vec![Extension::StatusRequest(body)]);
        let mut w = Writer::new();
        extensions.encode(&mut w);
        assert_eq!(&w.as_bytes()[6..], bytes);
        assert_eq!(Extensions::decode(&mut Reader::new(w.as_bytes()), place), Ok(extensions));
    }

    fn fault(bytes: &[u8], place: Place) -> Malformed {
        StatusRequest::decode(&mut Reader::new(bytes), place).expect_err("it is malformed")
    }

    #[test]
    fn every_form_in_its_place() {
        round_trip(StatusRequest::WANTED, Place::ClientHello, &[1, 0, 0, 0, 0]);
        let ids = [Opaque(&b"ab"[..])];
        let body = StatusRequest::Ocsp { responders: List::of(&ids), extensions: Opaque(&[7]) };
        round_trip(body, Place::ClientHello, &[1, 0, 4, 0, 2, b'a', b'b', 0, 1, 7]);
        round_trip(StatusRequest::Other(CertificateStatusType(2), &[9]), Place::ClientHello, &[2, 9]);
        for place in [Place::ClassicServerHello, Place::CertificateRequest] {
            round_trip(StatusRequest::Empty, place, &[]);
        }
        let status = StatusRequest::Status(CertificateStatus { response: &[5, 6] });
        round_trip(status, Place::CertificateEntry, &[1, 0, 0, 2, 5, 6]);
    }

    #[test]
    fn what_is_malformed_is_named() {
        for (bytes, place, field, problem) in [
            (&[1, 0, 0, 0][..], Place::ClientHello, "request_extensions", Problem::Truncated),
            (&[1, 0, 2, 0, 0, 0, 0], Place::ClientHello, "responder_id_list", Problem::Length),
            (&[1, 0, 0, 0], Place::CertificateEntry, "response", Problem::Length),
            (&[1, 0, 0, 1], Place::CertificateEntry, "response", Problem::Truncated),
            (&[1], Place::ClassicServerHello, "", Problem::Trailing),
        ] {
            let m = fault(bytes, place);
            assert_eq!((m.field, m.problem), (field, problem), "{bytes:?}");
        }
        assert!(matches!(fault(&[2, 0, 0, 1, 0], Place::CertificateEntry).problem, Problem::Value(_)));
    }
}
