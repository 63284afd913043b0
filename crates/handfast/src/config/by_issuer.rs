//! A client's certificates by what the server says of them.

use super::{CertificateWanted, ClientCredentials};
use crate::crypto::Credential;
use crate::verify::{self, leads_to, signed_by};
use crate::wire::numbers::CertificateType;
use std::fmt;
use std::sync::Arc;

/// Several client certificates, chosen by what the server would like (RFC 9846 4.4.2, RFC 5246 7.4.4): the first whose chain leads to
/// one of the authorities that it names, and whose key can sign by a scheme that it can verify. A chain leads there if one of its
/// certificates is issued by the authority, so it has to be whole, but for the root. A server that names no authorities leaves it
/// to the scheme.
///
/// Of these, one whose whole chain is signed as the server says that it can verify goes first (RFC 9846 4.5.1.2). If there is none, one
/// that is not is shown all the same: some servers verify more than they say.
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

/// Whether it is from an authority that the server would like.
fn leads(credential: &Credential, wanted: &CertificateWanted<'_>) -> bool {
    wanted.authorities.is_empty() || leads_to(&credential.chain, wanted.authorities)
}

/// Whether the server says that it can verify the chain, if it says anything of chains.
fn verifiable(credential: &Credential, wanted: &CertificateWanted<'_>) -> bool {
    wanted.cert_schemes.is_empty() || signed_by(&credential.chain, wanted.cert_schemes)
}

fn choose(
    all: &[Arc<Credential>],
    wanted: &CertificateWanted<'_>,
    whatever_the_issuer: bool,
) -> Option<Arc<Credential>> {
    let best = |among: &[&Arc<Credential>]| {
        let first = among.iter().find(|c| among.len() > 1 && verifiable(c, wanted));
        first.or(among.first()).map(|c| Arc::clone(c))
    };
    let can: Vec<_> = all.iter().filter(|c| c.can_sign(wanted.schemes) && c.shows(CertificateType::X509)).collect();
    let led: Vec<_> = can.iter().copied().filter(|c| leads(c, wanted)).collect();
    best(&led).or_else(|| best(&can).filter(|_| whatever_the_issuer))
}

/// All that some of them have: raw keys first.
fn certificate_types(all: &[Arc<Credential>]) -> Vec<CertificateType> {
    let has = |what| all.iter().any(|c| c.shows(what));
    [CertificateType::RAW_PUBLIC_KEY, CertificateType::X509].into_iter().filter(|what| has(*what)).collect()
}

fn choose_raw_key(all: &[Arc<Credential>], wanted: &CertificateWanted<'_>) -> Option<Arc<Credential>> {
    all.iter().find(|c| c.can_sign(wanted.schemes) && c.shows(CertificateType::RAW_PUBLIC_KEY)).cloned()
}

/// For each, what is in its way.
fn why_none(all: &[Arc<Credential>], wanted: &CertificateWanted<'_>) -> String {
    /// How many are named.
    const SHOWN: usize = 8;
    if all.is_empty() {
        return "there is none to choose from".into();
    }
    let why = |c: &Arc<Credential>| {
        let who = verify::subject_in_words(&c.chain);
        match (c.can_sign(wanted.schemes), leads(c, wanted)) {
            (false, _) => format!("{who} can sign by no scheme of both sides"),
            (true, false) => format!("{who} is issued by {}", verify::issuer_in_words(&c.chain)),
            (true, true) => format!("{who} would do"),
        }
    };
    let mut said: Vec<_> = all.iter().take(SHOWN).map(why).collect();
    if all.len() > SHOWN {
        said.push(format!("and so on for {} more", all.len() - SHOWN));
    }
    said.join("; ")
}

impl ClientCredentials for ByIssuer {
    fn choose(&self, wanted: &CertificateWanted<'_>) -> Option<Arc<Credential>> {
        choose(&self.all, wanted, self.whatever_the_issuer)
    }
    fn certificate_types(&self) -> Vec<CertificateType> {
        certificate_types(&self.all)
    }
    fn choose_raw_key(&self, wanted: &CertificateWanted<'_>) -> Option<Arc<Credential>> {
        choose_raw_key(&self.all, wanted)
    }
    fn why_none(&self, wanted: &CertificateWanted<'_>) -> String {
        why_none(&self.all, wanted)
    }
}

/// Several certificates, chosen as [`ByIssuer`] does.
impl ClientCredentials for Vec<Arc<Credential>> {
    fn choose(&self, wanted: &CertificateWanted<'_>) -> Option<Arc<Credential>> {
        choose(self, wanted, false)
    }
    fn certificate_types(&self) -> Vec<CertificateType> {
        certificate_types(self)
    }
    fn choose_raw_key(&self, wanted: &CertificateWanted<'_>) -> Option<Arc<Credential>> {
        choose_raw_key(self, wanted)
    }
    fn why_none(&self, wanted: &CertificateWanted<'_>) -> String {
        why_none(self, wanted)
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
    use crate::wire::numbers::{ProtocolVersion, SignatureScheme};
    use rcgen::{CertificateParams, DnType, IsCa, Issuer, KeyPair, SignatureAlgorithm};

    /// An authority, and its name in DER.
    fn authority(name: &str) -> (Issuer<'static, KeyPair>, Vec<u8>) {
        authority_by(name, &rcgen::PKCS_ECDSA_P256_SHA256)
    }

    fn authority_by(name: &str, kind: &'static SignatureAlgorithm) -> (Issuer<'static, KeyPair>, Vec<u8>) {
        let key = KeyPair::generate_for(kind).expect("a key");
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
        fn wanted<'a>(schemes: &'a [S], authorities: &'a [&'a [u8]]) -> CertificateWanted<'a> {
            CertificateWanted::new(ProtocolVersion::TLS1_3, schemes).of(authorities)
        }
        let place = |by: &ByIssuer, schemes: &[S], authorities: &[&[u8]]| {
            let chosen = by.choose(&wanted(schemes, authorities))?;
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
            assert_eq!(list.choose(&wanted(schemes, authorities)).is_some(), chosen.is_some());
        }
        let why = by.why_none(&wanted(&ecdsa, &[&name_c]));
        let words =
            "CN=first is issued by CN=A; CN=second is issued by CN=B; CN=third can sign by no scheme of both sides";
        assert_eq!(why, words);
        by.whatever_the_issuer = true;
        assert_eq!(place(&by, &both, &[&name_c]), Some(0));
        assert_eq!(place(&by, &[S::ED25519], &[&name_a]), Some(2));
        assert_eq!(place(&by, &[S::RSA_PSS_RSAE_SHA256], &[]), None);
        assert_eq!(ByIssuer::new([]).why_none(&wanted(&both, &[])), "there is none to choose from");
    }
    /// RFC 9846 4.5.1.2
    #[test]
    fn one_whose_chain_can_be_verified_goes_first() {
        use SignatureScheme as S;
        let ((a, name_a), (b, name_b)) = (authority("A"), authority_by("B", &rcgen::PKCS_ED25519));
        let mut by = ByIssuer::new([
            own(&a, "first", &rcgen::PKCS_ECDSA_P256_SHA256),
            own(&b, "second", &rcgen::PKCS_ECDSA_P256_SHA256),
        ]);
        let place = |by: &ByIssuer, cert_schemes: &[S], authorities: &[&[u8]]| {
            let wanted = CertificateWanted::new(ProtocolVersion::TLS1_3, &[S::ECDSA_SECP256R1_SHA256]).of(authorities);
            let chosen = by.choose(&wanted.signed_by(cert_schemes))?;
            by.all().iter().position(|c| Arc::ptr_eq(c, &chosen))
        };
        let either: [&[u8]; 2] = [&name_a, &name_b];
        for authorities in [&[][..], &either] {
            assert_eq!(place(&by, &[S::ED25519], authorities), Some(1));
            assert_eq!(place(&by, &[S::ECDSA_SECP256R1_SHA256], authorities), Some(0));
            // Before TLS 1.2 nothing is said; and what does not fit is shown rather than nothing.
            assert_eq!(place(&by, &[], authorities), Some(0));
            assert_eq!(place(&by, &[S::MLDSA44], authorities), Some(0));
        }
        // The issuer counts for more.
        assert_eq!(place(&by, &[S::ED25519], &[&name_a]), Some(0));
        by.whatever_the_issuer = true;
        assert_eq!(place(&by, &[S::ED25519], &[b"another"]), Some(1));
    }
}
