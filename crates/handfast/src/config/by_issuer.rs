//! A client's certificates by what the server says of them.

use super::ClientCredentials;
use crate::crypto::Credential;
use crate::verify::{self, leads_to};
use crate::wire::numbers::{CertificateType, SignatureScheme};
use std::fmt;
use std::sync::Arc;

/// Several client certificates, chosen by what the server would like (RFC 9846 4.4.2, RFC 5246 7.4.4): the first whose chain leads to
/// one of the authorities that it names, and whose key can sign by a scheme that it can verify. A chain leads there if one of its
/// certificates is issued by the authority, so it has to be whole, but for the root. A server that names no authorities leaves it
/// to the scheme.
///
/// Up to TLS 1.2 a server says which types of certificates it takes, too (certificate_types); schemes that no such type signs by
/// are none of its schemes then.
#[derive(Clone)]
pub struct ByIssuer {
    all: Vec<Arc<Credential>>,
    /// Whether one of another issuer is shown where none of the issuers that are named has one; no by default, since the server
    /// would learn who we are, and refuse it all the same. Some servers name too few authorities, though.
    pub whatever_the_issuer: bool,
}

impl ByIssuer {
    /// These, the best first.
    pub fn new(credentials: impl IntoIterator<Item = Arc<Credential>>) -> Self {
        Self { all: credentials.into_iter().collect(), whatever_the_issuer: false }
    }

    /// All of them, in order.
    pub fn all(&self) -> &[Arc<Credential>] {
        &self.all
    }
}

fn wanted(credential: &Credential, authorities: &[&[u8]]) -> bool {
    authorities.is_empty() || leads_to(&credential.chain, authorities)
}

impl ClientCredentials for ByIssuer {
    fn choose(&self, schemes: &[SignatureScheme], authorities: &[&[u8]]) -> Option<Arc<Credential>> {
        let mut can = self.all.iter().filter(|c| c.can_sign(schemes) && c.shows(CertificateType::X509));
        let first = can.clone().find(|c| wanted(c, authorities));
        first.or_else(|| can.next().filter(|_| self.whatever_the_issuer)).cloned()
    }

    /// All that some of them have: raw keys first.
    fn certificate_types(&self) -> Vec<CertificateType> {
        let has = |what| self.all.iter().any(|c| c.shows(what));
        [CertificateType::RAW_PUBLIC_KEY, CertificateType::X509].into_iter().filter(|what| has(*what)).collect()
    }

    fn choose_raw_key(&self, schemes: &[SignatureScheme]) -> Option<Arc<Credential>> {
        self.all.iter().find(|c| c.can_sign(schemes) && c.shows(CertificateType::RAW_PUBLIC_KEY)).cloned()
    }

    /// For each, what is in its way.
    fn why_none(&self, schemes: &[SignatureScheme], authorities: &[&[u8]]) -> String {
        /// How many are named.
        const SHOWN: usize = 8;
        if self.all.is_empty() {
            return "there is none to choose from".into();
        }
        let why = |c: &Arc<Credential>| {
            let who = verify::subject_in_words(&c.chain);
            match (c.can_sign(schemes), wanted(c, authorities)) {
                (false, _) => format!("{who} can sign by no scheme of both sides"),
                (true, false) => format!("{who} is issued by {}", verify::issuer_in_words(&c.chain)),
                (true, true) => format!("{who} would do"),
            }
        };
        let mut all: Vec<_> = self.all.iter().take(SHOWN).map(why).collect();
        if self.all.len() > SHOWN {
            all.push(format!("and so on for {} more", self.all.len() - SHOWN));
        }
        all.join("; ")
    }
}

/// Several certificates, chosen as [`ByIssuer`] does.
impl ClientCredentials for Vec<Arc<Credential>> {
    fn choose(&self, schemes: &[SignatureScheme], authorities: &[&[u8]]) -> Option<Arc<Credential>> {
        ByIssuer::new(self.iter().cloned()).choose(schemes, authorities)
    }
    fn certificate_types(&self) -> Vec<CertificateType> {
        ByIssuer::new(self.iter().cloned()).certificate_types()
    }
    fn choose_raw_key(&self, schemes: &[SignatureScheme]) -> Option<Arc<Credential>> {
        ByIssuer::new(self.iter().cloned()).choose_raw_key(schemes)
    }
    fn why_none(&self, schemes: &[SignatureScheme], authorities: &[&[u8]]) -> String {
        ByIssuer::new(self.iter().cloned()).why_none(schemes, authorities)
    }
}

/// The number of certificates. No key is shown.
impl fmt::Debug for ByIssuer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ByIssuer")
            .field("certificates", &self.all.len())
            .field("whatever_the_issuer", &self.whatever_the_issuer)
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rcgen::{CertificateParams, DnType, IsCa, Issuer, KeyPair, SignatureAlgorithm};

    /// An authority, and its name in DER.
    fn authority(name: &str) -> (Issuer<'static, KeyPair>, Vec<u8>) {
        let key = KeyPair::generate().expect("a key");
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        params.distinguished_name = Default::default();
        params.distinguished_name.push(DnType::CommonName, name);
        let der = params.self_signed(&key).expect("a certificate").der().clone();
        let name = verify::authority_name(&der).expect("its name");
        (Issuer::new(params, key), name)
    }

    fn own(issuer: &Issuer<'_, KeyPair>, name: &str, kind: &'static SignatureAlgorithm) -> Arc<Credential> {
        let key = KeyPair::generate_for(kind).expect("a key");
        let mut params = CertificateParams::default();
        params.distinguished_name = Default::default();
        params.distinguished_name.push(DnType::CommonName, name);
        let certificate = params.signed_by(&key, issuer).expect("a certificate");
        Arc::new(Credential::from_pem(certificate.pem().as_bytes(), key.serialize_pem().as_bytes()).expect("both"))
    }

    #[test]
    fn the_first_of_a_wanted_issuer_that_can_sign_is_shown() {
        use SignatureScheme as S;
        let ((a, name_a), (b, name_b), (_, name_c)) = (authority("A"), authority("B"), authority("C"));
        let mut by = ByIssuer::new([
            own(&a, "first", &rcgen::PKCS_ECDSA_P256_SHA256),
            own(&b, "second", &rcgen::PKCS_ECDSA_P256_SHA256),
            own(&b, "third", &rcgen::PKCS_ED25519),
        ]);
        let place = |by: &ByIssuer, schemes: &[S], authorities: &[&[u8]]| {
            let chosen = by.choose(schemes, authorities)?;
            by.all().iter().position(|c| Arc::ptr_eq(c, &chosen))
        };
        let (ecdsa, both) = ([S::ECDSA_SECP256R1_SHA256], [S::ED25519, S::ECDSA_SECP256R1_SHA256]);
        for (schemes, authorities, chosen) in [
            (&both[..], &[][..], Some(0)),
            (&both, &[&name_a[..]], Some(0)),
            (&both, &[&name_c, &name_b], Some(1)),
            (&[S::ED25519], &[&name_b], Some(2)),
            (&[S::ED25519], &[&name_a], None),
            (&both, &[&name_c], None),
            (&[S::RSA_PSS_RSAE_SHA256], &[], None),
        ] {
            assert_eq!(place(&by, schemes, authorities), chosen, "{schemes:?}");
            let list = by.all().to_vec();
            assert_eq!(list.choose(schemes, authorities).is_some(), chosen.is_some());
        }
        let why = by.why_none(&ecdsa, &[&name_c]);
        let words =
            "CN=first is issued by CN=A; CN=second is issued by CN=B; CN=third can sign by no scheme of both sides";
        assert_eq!(why, words);
        by.whatever_the_issuer = true;
        assert_eq!(place(&by, &both, &[&name_c]), Some(0));
        assert_eq!(place(&by, &[S::ED25519], &[&name_a]), Some(2));
        assert_eq!(place(&by, &[S::RSA_PSS_RSAE_SHA256], &[]), None);
        assert_eq!(ByIssuer::new([]).why_none(&both, &[]), "there is none to choose from");
    }
}
