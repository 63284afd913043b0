//! Certificates: good ones, and one for each way of being bad.

use super::run::Dir;
use rcgen::{
    BasicConstraints, CertificateParams, CertificateRevocationListParams, CertifiedIssuer, DnType,
    ExtendedKeyUsagePurpose, IsCa, KeyIdMethod, KeyPair, KeyUsagePurpose, RevokedCertParams, SerialNumber,
};
use time::{Duration, OffsetDateTime};

/// A CA of the tests.
pub(crate) struct Authority(CertifiedIssuer<'static, KeyPair>);

/// What a certificate says.
pub(crate) struct Leaf {
    pub(crate) names: &'static [&'static str],
    pub(crate) from: Duration,
    pub(crate) until: Duration,
    pub(crate) serial: u64,
    pub(crate) client: bool,
    /// With a key for RSA, rather than ECDSA.
    pub(crate) rsa: bool,
}

impl Default for Leaf {
    /// A good one.
    fn default() -> Self {
        Self {
            names: &["localhost", "127.0.0.1"],
            from: Duration::days(-1),
            until: Duration::days(1),
            serial: 7,
            client: false,
            rsa: false,
        }
    }
}

impl Authority {
    pub(crate) fn new(name: &str) -> Self {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        params.distinguished_name.push(DnType::CommonName, name);
        Self(CertifiedIssuer::self_signed(params, KeyPair::generate().expect("a key")).expect("a CA"))
    }

    pub(crate) fn pem(&self) -> String {
        self.0.pem()
    }

    /// As a server's own certificate: of itself and for localhost, as `openssl req -x509` makes them.
    pub(crate) fn self_signed(dir: &Dir, name: &str) -> (String, String) {
        let mut params = CertificateParams::new(vec!["localhost".to_owned()]).expect("names");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().expect("a key");
        let pem = params.self_signed(&key).expect("a certificate").pem();
        (dir.write(&format!("{name}.pem"), pem), dir.write(&format!("{name}-key.pem"), key.serialize_pem()))
    }

    /// Certificate and key in files.
    pub(crate) fn leaf(&self, dir: &Dir, name: &str, leaf: &Leaf) -> (String, String) {
        let names: Vec<String> = leaf.names.iter().map(|n| n.to_string()).collect();
        let mut params = CertificateParams::new(names).expect("names");
        let now = OffsetDateTime::now_utc();
        (params.not_before, params.not_after) = (now + leaf.from, now + leaf.until);
        params.serial_number = Some(SerialNumber::from(leaf.serial));
        params.distinguished_name.push(DnType::CommonName, name);
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        let usage = if leaf.client { ExtendedKeyUsagePurpose::ClientAuth } else { ExtendedKeyUsagePurpose::ServerAuth };
        params.extended_key_usages = vec![usage];
        let algorithm = if leaf.rsa { &rcgen::PKCS_RSA_SHA256 } else { &rcgen::PKCS_ECDSA_P256_SHA256 };
        let key = KeyPair::generate_for(algorithm).expect("a key");
        let pem = params.signed_by(&key, &self.0).expect("a certificate").pem();
        (dir.write(&format!("{name}.pem"), pem), dir.write(&format!("{name}-key.pem"), key.serialize_pem()))
    }

    /// A list that revokes these serial numbers.
    pub(crate) fn revokes(&self, serials: &[u64]) -> String {
        let now = OffsetDateTime::now_utc();
        let revoked = |serial: &u64| RevokedCertParams {
            serial_number: SerialNumber::from(*serial),
            revocation_time: now - Duration::hours(1),
            reason_code: None,
            invalidity_date: None,
        };
        let list = CertificateRevocationListParams {
            this_update: now - Duration::hours(1),
            next_update: now + Duration::days(1),
            crl_number: SerialNumber::from(1u64),
            issuing_distribution_point: None,
            revoked_certs: serials.iter().map(revoked).collect(),
            key_identifier_method: KeyIdMethod::Sha256,
        };
        list.signed_by(&self.0).expect("a list").pem().expect("PEM")
    }
}
