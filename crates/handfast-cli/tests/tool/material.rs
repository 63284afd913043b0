//! Certificates: good ones, and one for each way of being bad.

use super::run::Dir;
use handfast::crypto::{HashAlgorithm, aws_lc};
use rcgen::{
    BasicConstraints, CertificateParams, CertificateRevocationListParams, CertifiedIssuer, DnType,
    ExtendedKeyUsagePurpose, IsCa, KeyIdMethod, KeyPair, KeyUsagePurpose, RevokedCertParams, SerialNumber, SigningKey,
};
use time::{Duration, OffsetDateTime};
use x509_parser::prelude::{FromDer, X509Certificate};

/// A CA of the tests.
pub(crate) struct Authority(CertifiedIssuer<'static, KeyPair>);

fn tlv(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let content = parts.concat();
    let length = match u16::try_from(content.len()).expect("it is short") {
        n @ ..=0x7f => vec![n as u8],
        n => [&[0x82][..], &n.to_be_bytes()].concat(),
    };
    [&[tag][..], &length, &content].concat()
}

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
        Self::with_key(name, KeyPair::generate())
    }

    /// One that signs by Ed25519, where others do by ECDSA.
    pub(crate) fn ed25519(name: &str) -> Self {
        Self::with_key(name, KeyPair::generate_for(&rcgen::PKCS_ED25519))
    }

    fn with_key(name: &str, key: Result<KeyPair, rcgen::Error>) -> Self {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        params.distinguished_name.push(DnType::CommonName, name);
        Self(CertifiedIssuer::self_signed(params, key.expect("a key")).expect("a CA"))
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

    /// An OCSP response by this CA (RFC 6960 4.2.1), of an hour ago: whether the certificate of this number is good, or revoked.
    pub(crate) fn response(&self, serial: u8, good: bool) -> Vec<u8> {
        let ca = self.0.der();
        let (_, read) = X509Certificate::from_der(ca).expect("a certificate");
        let hash = |of: &[u8]| {
            let mut hash = aws_lc::provider().hash(HashAlgorithm::Sha256);
            hash.update(of);
            tlv(0x04, &[&hash.current()])
        };
        let sha256 = tlv(0x30, &[&tlv(0x06, &[&[0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 1]])]);
        let key = read.public_key().subject_public_key.data.as_ref();
        let id = tlv(0x30, &[&sha256, &hash(read.subject().as_raw()), &hash(key), &tlv(0x02, &[&[serial]])]);
        let at = |hours: i64| {
            let t = OffsetDateTime::now_utc() + Duration::hours(hours);
            let (day, time) = (t.date(), t.time());
            let month = u8::from(day.month());
            let text = format!("{:04}{month:02}{:02}{:02}{:02}00Z", day.year(), day.day(), time.hour(), time.minute());
            tlv(0x18, &[text.as_bytes()])
        };
        let status = if good { tlv(0x80, &[]) } else { tlv(0xa1, &[&at(-2)]) };
        let single = tlv(0x30, &[&id, &status, &at(-1), &tlv(0xa0, &[&at(24)])]);
        let by = tlv(0xa1, &[read.subject().as_raw()]);
        let data = tlv(0x30, &[&by, &at(-1), &tlv(0x30, &[&single])]);
        let ecdsa = tlv(0x30, &[&tlv(0x06, &[&[0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 2]])]);
        let signature = tlv(0x03, &[&[0], &self.0.key().sign(&data).expect("a signature")]);
        let basic = tlv(0x04, &[&tlv(0x30, &[&data, &ecdsa, &signature])]);
        let kind = tlv(0x06, &[&[0x2b, 6, 1, 5, 5, 7, 48, 1, 1]]);
        tlv(0x30, &[&tlv(0x0a, &[&[0]]), &tlv(0xa0, &[&tlv(0x30, &[&kind, &basic])])])
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
