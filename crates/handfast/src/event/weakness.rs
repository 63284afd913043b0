//! What is weak in what was negotiated.

use super::Negotiated;
use crate::crypto::{AeadAlgorithm, BulkCipher, CbcCipher, Suite};
use crate::verify;
use crate::wire::numbers::{ProtocolVersion, SignatureScheme};
use std::fmt;

macro_rules! weaknesses {
    ($( $(#[$doc:meta])* $variant:ident = $name:literal, $words:literal, $rule:literal; )*) => {
        /// Something weak in what was negotiated. Nothing of it is in a connection by policy `default` between two that are up to date.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum Weakness {
            $( $(#[$doc])* $variant, )*
        }
        impl Weakness {
            /// All of them, the worst first.
            pub const ALL: &[Self] = &[$( Self::$variant ),*];
            /// Its name, for programs: it does not change.
            pub const fn name(self) -> &'static str {
                match self { $( Self::$variant => $name ),* }
            }
            /// What it means: a clause.
            pub const fn words(self) -> &'static str {
                match self { $( Self::$variant => $words ),* }
            }
            /// The section that says so.
            pub const fn section(self) -> &'static str {
                match self { $( Self::$variant => $rule ),* }
            }
        }
    };
}

weaknesses! {
    /// Records have a MAC, and are not encrypted.
    NoEncryption = "no encryption", "whoever listens reads everything", "RFC 9325 4.1";
    /// The version is SSL 3.0.
    Ssl3 = "SSL 3.0: POODLE", "padding is not authenticated, so that who sits in between can read a cookie byte by byte", "RFC 7568 4.1";
    /// The version is TLS 1.0 or 1.1.
    OldVersion = "TLS before 1.2", "the version knows no hash but MD5 and SHA-1, and no modern protection", "RFC 8996";
    /// The peer cannot renegotiate securely (RFC 5746).
    InsecureRenegotiation = "insecure renegotiation",
        "what someone in between has said first would be taken for the beginning of what the client says", "RFC 5746 1";
    /// Records are protected by RC4.
    Rc4 = "RC4", "its stream is not random enough: what is said often can be found out", "RFC 7465";
    /// Records are protected by Triple DES.
    TripleDes = "3DES: Sweet32", "its blocks are so short that after some gigabytes two are alike, and tell of each other", "RFC 9325 4.1";
    /// A certificate of the peer's chain is signed over MD5.
    Md5Certificate = "MD5 in the chain", "anyone can forge such a certificate", "RFC 6151 2.1";
    /// A certificate of the peer's chain is signed over SHA-1.
    Sha1Certificate = "SHA-1 in the chain", "with great means such a certificate can be forged", "RFC 9155 1";
    /// The handshake was signed over SHA-1, or over MD5 and SHA-1.
    Sha1Signature = "SHA-1 signature", "with great means such a signature can be forged", "RFC 9155 1";
    /// A certificate of the peer's chain, or its raw key, is for RSA with less than 2048 bits.
    ShortRsaKey = "short RSA key", "whoever has great means can find out the private key", "RFC 9325 4.5";
    /// The server's certificate has no subjectAltName, so that its name stands in a text that was made for people.
    CommonName = "name in the common name", "an authority may issue for it without heeding what names it may issue for", "RFC 9525 2, 6";
    /// The peer's certificate is of X.509 version 1.
    Version1Certificate = "X.509 version 1", "it has no extensions, and so does not say what it may be used for", "RFC 5280 4.1.2.1";
    /// The keys of Diffie-Hellman were made over a prime of less than 2048 bits.
    SmallDhGroup = "small Diffie-Hellman group", "whoever has great means can find out the secret: Logjam", "RFC 9325 4.5";
    /// No Diffie-Hellman keys were made for this connection.
    NoForwardSecrecy = "no forward secrecy", "whoever learns the long-lived key later can read what was recorded", "RFC 9325 4.1";
    /// Up to TLS 1.2 the master secret is not bound to the handshake.
    NoExtendedMasterSecret = "no extended master secret",
        "who sits in between can have the same keys with both sides: triple handshake", "RFC 7627 1";
    /// The MAC is over the plaintext, and padding is not authenticated.
    MacThenEncrypt = "MAC-then-encrypt", "a peer that opens it carelessly tells by its timing what was in it: Lucky Thirteen", "RFC 7366 1";
    /// The AEAD's tag has 8 bytes.
    ShortTag = "short tag", "a forged record passes once in 2^64 tries, and not 2^128", "RFC 6655 6.1";
}

impl fmt::Display for Weakness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl Negotiated {
    /// What is weak in it, the worst first. Of certificates it is those that the peer has sent, all of them, and not one's own; that
    /// nobody judged them is [`Negotiated::verified`]. Where a session is resumed, it is not known any more by what signature, and with what
    /// Diffie-Hellman group, the server had proved itself.
    pub fn weaknesses(&self) -> Vec<Weakness> {
        let Some(version) = self.version else { return Vec::new() };
        Weakness::ALL.iter().copied().filter(|weakness| self.has(*weakness, version)).collect()
    }

    fn has(&self, weakness: Weakness, version: ProtocolVersion) -> bool {
        use SignatureScheme as S;
        use Weakness as W;
        let suite = self.suite.and_then(Suite::find);
        let bulk = suite.map(|s| s.bulk);
        let classic = version < ProtocolVersion::TLS1_3;
        let signed = |by: &[S]| [self.scheme, self.client_scheme].into_iter().flatten().any(|s| by.contains(&s));
        match weakness {
            W::NoEncryption => matches!(bulk, Some(BulkCipher::Null(_))),
            W::Ssl3 => version <= ProtocolVersion::SSL3_0,
            W::OldVersion => version > ProtocolVersion::SSL3_0 && version < ProtocolVersion::TLS1_2,
            W::InsecureRenegotiation => classic && !self.secure_renegotiation,
            W::Rc4 => matches!(bulk, Some(BulkCipher::Rc4(_))),
            W::TripleDes => matches!(bulk, Some(BulkCipher::Cbc(CbcCipher::TripleDes, _))),
            W::Md5Certificate => verify::has_md5(&self.peer_chain),
            W::Sha1Certificate => verify::has_sha1(&self.peer_chain),
            W::Sha1Signature => signed(&[S::RSA_PKCS1_SHA1, S::ECDSA_SHA1, S::RSA_PKCS1_MD5_SHA1, S::RSA_PKCS1_SSL3]),
            W::ShortRsaKey => verify::has_short_key(&self.peer_chain, self.peer_raw_key.as_ref()),
            W::CommonName => self.peer_is_server && verify::is_named_by_common_name(&self.peer_chain),
            W::Version1Certificate => verify::is_of_version_1(&self.peer_chain),
            W::SmallDhGroup => self.dh_bits.is_some_and(|bits| bits < 2048),
            // TLS 1.3 goes without only where a pre-shared key is used alone (psk_ke).
            W::NoForwardSecrecy if !classic => self.group.is_none(),
            W::NoForwardSecrecy => suite.is_some_and(|s| !s.key_exchange.is_forward_secret()),
            W::NoExtendedMasterSecret => classic && !self.extended_master_secret,
            W::MacThenEncrypt => matches!(bulk, Some(BulkCipher::Cbc(..))) && !self.encrypt_then_mac,
            W::ShortTag => {
                matches!(bulk, Some(BulkCipher::Aead(AeadAlgorithm::Aes128Ccm8 | AeadAlgorithm::Aes256Ccm8)))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::CipherSuite;
    use crate::wire::numbers::NamedGroup;
    use rustls_pki_types::CertificateDer;
    use rustls_pki_types::pem::PemObject;
    use std::collections::HashSet;

    /// As two that are up to date agree on it.
    fn good(version: ProtocolVersion, suite: CipherSuite) -> Negotiated {
        Negotiated {
            version: Some(version),
            suite: Some(suite),
            group: Some(NamedGroup::X25519),
            scheme: Some(SignatureScheme::ECDSA_SECP256R1_SHA256),
            secure_renegotiation: true,
            extended_master_secret: true,
            peer_is_server: true,
            ..Negotiated::default()
        }
    }

    const TLS1_2: ProtocolVersion = ProtocolVersion::TLS1_2;
    const GCM: CipherSuite = CipherSuite::TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256;

    #[test]
    fn names_and_words_stand_once_and_are_clauses() {
        let names: HashSet<_> = Weakness::ALL.iter().map(|w| w.name()).collect();
        assert_eq!(names.len(), Weakness::ALL.len());
        for weakness in Weakness::ALL {
            assert!(weakness.words().len() > 15 && !weakness.words().ends_with('.'), "{weakness}");
            assert!(weakness.section().starts_with("RFC "), "{weakness}");
        }
    }

    #[test]
    fn the_default_policy_has_none() {
        for suite in crate::Policy::default().suites {
            let version = Suite::find(suite).expect("a suite").to;
            assert_eq!(good(version, suite).weaknesses(), [], "{suite}");
        }
        assert_eq!(Negotiated::default().weaknesses(), []);
    }

    #[test]
    fn each_is_found_by_what_it_is_about_alone() {
        use CipherSuite as C;
        use Weakness as W;
        type Edit = fn(&mut Negotiated);
        let old = |v| (v, C::TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA);
        let plain: Edit = |_| ();
        let etm: Edit = |n| n.encrypt_then_mac = true;
        let cases: Vec<((ProtocolVersion, CipherSuite), Edit, &[W])> = vec![
            ((TLS1_2, C::TLS_ECDHE_RSA_WITH_NULL_SHA), plain, &[W::NoEncryption]),
            (old(ProtocolVersion::SSL3_0), etm, &[W::Ssl3]),
            (old(ProtocolVersion::TLS1_0), etm, &[W::OldVersion]),
            (old(ProtocolVersion::TLS1_1), etm, &[W::OldVersion]),
            ((TLS1_2, GCM), |n| n.secure_renegotiation = false, &[W::InsecureRenegotiation]),
            ((TLS1_2, C::TLS_ECDHE_RSA_WITH_RC4_128_SHA), plain, &[W::Rc4]),
            ((TLS1_2, C::TLS_ECDHE_RSA_WITH_3DES_EDE_CBC_SHA), etm, &[W::TripleDes]),
            ((TLS1_2, C::TLS_ECDHE_RSA_WITH_3DES_EDE_CBC_SHA), plain, &[W::TripleDes, W::MacThenEncrypt]),
            ((TLS1_2, GCM), |n| n.scheme = Some(SignatureScheme::RSA_PKCS1_SHA1), &[W::Sha1Signature]),
            ((TLS1_2, GCM), |n| n.client_scheme = Some(SignatureScheme::ECDSA_SHA1), &[W::Sha1Signature]),
            ((TLS1_2, GCM), |n| n.dh_bits = Some(1024), &[W::SmallDhGroup]),
            ((TLS1_2, GCM), |n| n.dh_bits = Some(2048), &[]),
            ((TLS1_2, C::TLS_RSA_WITH_AES_128_GCM_SHA256), plain, &[W::NoForwardSecrecy]),
            ((ProtocolVersion::TLS1_3, C::TLS_AES_128_GCM_SHA256), |n| n.group = None, &[W::NoForwardSecrecy]),
            ((TLS1_2, GCM), |n| n.extended_master_secret = false, &[W::NoExtendedMasterSecret]),
            (old(TLS1_2), plain, &[W::MacThenEncrypt]),
            ((TLS1_2, C::TLS_ECDHE_ECDSA_WITH_AES_128_CCM_8), plain, &[W::ShortTag]),
        ];
        for ((version, suite), edit, found) in cases {
            let mut n = good(version, suite);
            edit(&mut n);
            assert_eq!(n.weaknesses(), found, "{version} {suite}");
        }
    }

    #[test]
    fn certificates_are_looked_at() {
        macro_rules! chain {
            ($($name:literal),*) => {
                vec![$( CertificateDer::from_pem_slice(include_bytes!(concat!("../verify/testdata/old/", $name, ".pem"))).unwrap() ),*]
            };
        }
        for (peer_chain, found) in [
            (chain!("leaf", "rsa-root"), &[][..]),
            (chain!("rsa-sha1"), &[Weakness::Sha1Certificate]),
            (chain!("ec-sha1", "rsa-md5"), &[Weakness::Md5Certificate, Weakness::Sha1Certificate]),
            (chain!("leaf", "rsa1024"), &[Weakness::ShortRsaKey]),
            (chain!("v1"), &[Weakness::CommonName, Weakness::Version1Certificate]),
            (chain!("bare"), &[Weakness::CommonName]),
            (chain!("leaf", "v1-authority"), &[]),
        ] {
            let n = Negotiated { peer_chain, ..good(TLS1_2, GCM) };
            assert_eq!(n.weaknesses(), found);
            // A client's has often no name of a machine.
            let n = Negotiated { peer_is_server: false, ..n };
            assert!(!n.weaknesses().contains(&Weakness::CommonName));
        }
        let chain = chain!("rsa1024");
        let key = verify::spki_of(&chain).unwrap().to_vec();
        let n = Negotiated { peer_raw_key: Some(key.into()), ..good(TLS1_2, GCM) };
        assert_eq!(n.weaknesses(), [Weakness::ShortRsaKey]);
    }
}
