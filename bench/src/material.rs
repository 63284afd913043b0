//! A CA and leaves, as PEM: both libraries get the same.

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair, PKCS_ECDSA_P256_SHA256, PKCS_RSA_SHA256,
};

/// The kind of the server's key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Key {
    Ecdsa,
    Rsa,
}

pub struct Material {
    ecdsa: [String; 3],
    rsa: [String; 3],
}

impl Material {
    pub fn make() -> Self {
        let chain = |algorithm| {
            let key = || KeyPair::generate_for(algorithm).expect("a key");
            let mut ca = CertificateParams::new(Vec::new()).expect("parameters");
            ca.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
            ca.distinguished_name.push(rcgen::DnType::CommonName, "bench CA");
            let ca = CertifiedIssuer::self_signed(ca, key()).expect("a CA");
            let leaf_key = key();
            let leaf = CertificateParams::new(vec!["localhost".to_string()]).expect("parameters");
            let leaf = leaf.signed_by(&leaf_key, &ca).expect("a leaf");
            [ca.pem(), leaf.pem(), leaf_key.serialize_pem()]
        };
        Self { ecdsa: chain(&PKCS_ECDSA_P256_SHA256), rsa: chain(&PKCS_RSA_SHA256) }
    }

    /// CA, chain, key.
    pub fn of(&self, key: Key) -> &[String; 3] {
        match key {
            Key::Ecdsa => &self.ecdsa,
            Key::Rsa => &self.rsa,
        }
    }
}
