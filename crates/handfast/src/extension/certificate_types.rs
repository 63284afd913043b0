//! `client_certificate_type` and `server_certificate_type` (RFC 7250 3): what the Certificate of either side may hold.
//!
//! ```text
//! client: CertificateType client_certificate_types<1..2^8-1>;    server: CertificateType client_certificate_type;
//! ```

use super::{Body, Place};
use crate::wire::numbers::CertificateType;
use crate::wire::{List, Malformed, Prefix, Problem, Reader, Vector, Wire, Writer};

/// The client's list, in order of preference, or the server's choice. Without the extension it is X.509.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CertificateTypes<'a> {
    /// What the client can show, or judge.
    Offered(List<'a, CertificateType>),
    /// What the client shall show, or the server shows.
    Selected(CertificateType),
}

impl<'a> Body<'a> for CertificateTypes<'a> {
    fn decode(r: &mut Reader<'a>, place: Place) -> Result<Self, Malformed> {
        if place != Place::ClientHello {
            return r
                .field("certificate_type", "What the server chose", "RFC 7250 3", CertificateType::decode)
                .map(Self::Selected);
        }
        r.field("certificate_types", "What the client can show or judge, best first", "RFC 7250 3", |r| {
            let list = Vector::<'a, CertificateType, 1, 1>::decode(r)?.0;
            // It must be left out then (RFC 7250 4.1).
            match list.iter().all(|one| one == CertificateType::X509) {
                true => Err(r.fault(Problem::Value("lists nothing but X.509, which is the default"))),
                false => Ok(Self::Offered(list)),
            }
        })
    }

    fn encode(&self, w: &mut Writer) {
        match self {
            Self::Offered(list) => w.within(Prefix::U8, |w| list.encode(w)),
            Self::Selected(one) => one.encode(w),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::extension::Extensions;

    fn read(kind: u8, body: &[u8], place: Place) -> Result<Extensions<'static>, Malformed> {
        let mut raw = vec![0, body.len() as u8 + 4, 0, kind, 0, body.len() as u8];
        raw.extend(body);
        let extensions = Extensions::decode(&mut Reader::new(Vec::leak(raw.clone())), place)?;
        let mut w = Writer::new();
        extensions.encode(&mut w);
        assert_eq!(w.as_bytes(), raw);
        Ok(extensions)
    }

    #[test]
    fn a_list_and_a_choice() {
        use CertificateType as T;
        let offered = read(19, &[2, 2, 0], Place::ClientHello).unwrap();
        let Some(CertificateTypes::Offered(list)) = offered.client_certificate_type() else { panic!("{offered:?}") };
        assert_eq!(list.iter().collect::<Vec<_>>(), [T::RAW_PUBLIC_KEY, T::X509]);
        for place in [Place::ClassicServerHello, Place::EncryptedExtensions] {
            let chosen = read(20, &[2], place).unwrap();
            assert_eq!(chosen.server_certificate_type(), Some(&CertificateTypes::Selected(T::RAW_PUBLIC_KEY)));
        }
    }

    #[test]
    fn refusals() {
        let problem = |kind, body: &[u8], place| read(kind, body, place).unwrap_err().problem;
        for kind in [19, 20] {
            assert_eq!(problem(kind, &[0], Place::ClientHello), Problem::Length);
            assert_eq!(problem(kind, &[2, 2], Place::ClientHello), Problem::Truncated);
            assert_eq!(problem(kind, &[1, 2, 0], Place::ClientHello), Problem::Trailing);
            assert!(matches!(problem(kind, &[1, 0], Place::ClientHello), Problem::Value(_)));
            assert_eq!(problem(kind, &[1, 2], Place::EncryptedExtensions), Problem::Trailing);
            assert_eq!(problem(kind, &[], Place::ClassicServerHello), Problem::Truncated);
            for place in [Place::ServerHello, Place::CertificateEntry, Place::CertificateRequest] {
                assert_eq!(problem(kind, &[2], place), Problem::Misplaced);
            }
        }
    }
}
