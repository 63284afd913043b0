//! Certificates by the name that is asked for.

use super::ServerCredentials;
use crate::crypto::Credential;
use crate::verify;
use crate::wait::HelloSummary;
use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

/// Several certificates, chosen by the name that the client asks for (server_name, RFC 6066 3): those that have the name itself go
/// before those with a wildcard for it, and otherwise their order counts. Of these the handshake takes the first that the client can
/// verify and whose key serves what is negotiated; so of one name there may be a certificate with an RSA key and one with an ECDSA
/// key.
///
/// Those whose chain leads to one of the authorities that the client says it trusts, if it says so (certificate_authorities, RFC
/// 9846 4.3.4), go before all others of these.
///
/// A client that names nobody, or whom nobody here stands for, is shown the first certificate that it can verify: the first is the
/// default one. Names are those of subjectAltName, and are read once.
#[derive(Clone)]
pub struct ByName {
    all: Vec<Arc<Credential>>,
    exact: HashMap<String, Vec<usize>>,
    /// What stands behind `*.`
    wildcards: HashMap<String, Vec<usize>>,
    /// Whether a client that asks for a name which no certificate has is refused, with `unrecognized_name`; no by default. One that
    /// asks for no name is served all the same: whoever goes to an address can name none.
    pub strict: bool,
}

impl ByName {
    /// These, the best first. Of one that cannot be read there are no names.
    pub fn new(credentials: impl IntoIterator<Item = Arc<Credential>>) -> Self {
        let all: Vec<_> = credentials.into_iter().collect();
        let (mut exact, mut wildcards) = (HashMap::new(), HashMap::new());
        for (index, credential) in all.iter().enumerate() {
            for name in verify::dns_names(&credential.chain) {
                let places: &mut Vec<usize> = match name.strip_prefix("*.") {
                    Some(domain) => wildcards.entry(domain.to_owned()).or_default(),
                    None => exact.entry(name).or_default(),
                };
                // A certificate may have a name twice.
                if places.last() != Some(&index) {
                    places.push(index);
                }
            }
        }
        Self { all, exact, wildcards, strict: false }
    }

    /// All of them, in order.
    pub fn all(&self) -> &[Arc<Credential>] {
        &self.all
    }

    /// The places of those that stand for this name.
    fn places(&self, name: &str) -> Vec<usize> {
        let mut out = self.exact.get(name).cloned().unwrap_or_default();
        // A wildcard is the whole left-most label, and stands for one (RFC 9525 6.3).
        let domain = name.split_once('.').map(|(_, domain)| domain);
        for place in domain.and_then(|d| self.wildcards.get(d)).into_iter().flatten() {
            if !out.contains(place) {
                out.push(*place);
            }
        }
        out
    }
}

/// Those whose chain leads to an authority that the client names go first (RFC 9846 4.3.4); otherwise their order stays.
pub(super) fn guided(mut list: Vec<Arc<Credential>>, hello: &HelloSummary) -> Vec<Arc<Credential>> {
    if list.len() > 1 && !hello.authorities.is_empty() {
        list.sort_by_cached_key(|c| !verify::leads_to(&c.chain, &hello.authorities));
    }
    list
}

impl ServerCredentials for ByName {
    fn candidates(self: Arc<Self>, hello: &HelloSummary) -> Vec<Arc<Credential>> {
        let Some(name) = &hello.server_name else { return guided(self.all.clone(), hello) };
        let places = self.places(name);
        if places.is_empty() && !self.strict {
            return guided(self.all.clone(), hello);
        }
        guided(places.into_iter().filter_map(|place| self.all.get(place).cloned()).collect(), hello)
    }
}

/// The names and the number of certificates. No key is shown.
impl fmt::Debug for ByName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ByName")
            .field("certificates", &self.all.len())
            .field("exact", &self.exact)
            .field("wildcards", &self.wildcards)
            .field("strict", &self.strict)
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rcgen::{CertificateParams, KeyPair};

    fn credential(names: &[&str]) -> Arc<Credential> {
        let names: Vec<String> = names.iter().map(|n| n.to_string()).collect();
        let key = KeyPair::generate().expect("a key");
        let certificate = CertificateParams::new(names).expect("names").self_signed(&key).expect("a certificate");
        Arc::new(Credential::from_pem(certificate.pem().as_bytes(), key.serialize_pem().as_bytes()).expect("both"))
    }

    /// The places of the certificates that a client which asks for this name may be shown.
    fn chosen(by: &ByName, name: Option<&str>) -> Vec<usize> {
        let by = Arc::new(by.clone());
        let hello = HelloSummary { server_name: name.map(str::to_owned), ..HelloSummary::default() };
        let place = |c: &Arc<Credential>| by.all.iter().position(|a| Arc::ptr_eq(a, c)).expect("one of these");
        by.clone().candidates(&hello).iter().map(place).collect()
    }

    #[test]
    fn the_name_itself_goes_before_a_wildcard_and_the_first_is_the_default() {
        let mut by = ByName::new([
            credential(&["default.test"]),
            credential(&["*.example.test"]),
            credential(&["WWW.example.test", "www.example.test"]),
            credential(&["www.example.test", "*.example.test", "192.0.2.1"]),
        ]);
        for strict in [false, true] {
            by.strict = strict;
            assert_eq!(chosen(&by, Some("www.example.test")), [2, 3, 1]);
            assert_eq!(chosen(&by, Some("ftp.example.test")), [1, 3]);
            assert_eq!(chosen(&by, Some("default.test")), [0]);
            assert_eq!(chosen(&by, None), [0, 1, 2, 3]);
        }
        // A wildcard stands for one label, no fewer and no more.
        for unknown in ["example.test", "a.b.example.test", "test", ".example.test.", "192.0.2.1", ""] {
            by.strict = false;
            assert_eq!(chosen(&by, Some(unknown)), [0, 1, 2, 3], "{unknown}");
            by.strict = true;
            assert_eq!(chosen(&by, Some(unknown)), [0; 0], "{unknown}");
        }
        assert_eq!(by.all().len(), 4);
    }

    #[test]
    fn no_key_is_shown() {
        let shown = format!("{:?}", ByName::new([credential(&["a.test", "*.b.test"])]));
        assert!(shown.contains("\"a.test\": [0]") && shown.contains("\"b.test\": [0]"), "{shown}");
        assert!(!shown.contains("key"), "{shown}");
    }
}
