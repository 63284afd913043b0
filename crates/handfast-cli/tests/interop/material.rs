//! Certificates and keys, fresh for each run, in a folder that goes with it.

use super::cases::{Case, Feature, Key};
use base64::Engine;
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, ExtendedKeyUsagePurpose, IsCa, KeyPair, KeyUsagePurpose,
    PKCS_ECDSA_P256_SHA256, PKCS_ECDSA_P384_SHA384, PKCS_ECDSA_P521_SHA512, PKCS_ED25519, PKCS_ML_DSA_44,
    PKCS_ML_DSA_65, PKCS_ML_DSA_87, PKCS_RSA_SHA256, SignatureAlgorithm,
};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};

pub struct Material {
    dir: PathBuf,
    /// Whether there is what only OpenSSL makes.
    more: bool,
    /// How many names were given out that nothing else has.
    fresh: AtomicUsize,
}

impl Material {
    pub fn make() -> Self {
        let dir = std::env::temp_dir().join(format!("handfast-interop-{}", std::process::id()));
        std::fs::create_dir_all(&dir).expect("a folder for the certificates");
        let mut it = Self { dir, more: false, fresh: AtomicUsize::new(0) };
        // One authority with an RSA key: what old peers verify, all do.
        let mut params = CertificateParams::new(Vec::new()).expect("parameters");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        params.distinguished_name.push(rcgen::DnType::CommonName, "Handfast interop CA");
        let ca_key = key(&PKCS_RSA_SHA256);
        it.write("ca.key", &ca_key.serialize_pem());
        let ca = CertifiedIssuer::self_signed(params, ca_key).expect("a CA");
        it.write("ca.pem", &ca.pem());
        let servers = Key::ALL.iter().filter_map(|key| Some((key.name(), algorithm(*key)?, false)));
        for (name, algorithm, client) in servers.chain([("client", &PKCS_RSA_SHA256, true)]) {
            let names = vec!["localhost".to_string(), "127.0.0.1".to_string()];
            let mut params = CertificateParams::new(names).expect("parameters");
            params.key_usages = vec![KeyUsagePurpose::DigitalSignature, KeyUsagePurpose::KeyEncipherment];
            params.extended_key_usages =
                vec![if client { ExtendedKeyUsagePurpose::ClientAuth } else { ExtendedKeyUsagePurpose::ServerAuth }];
            params.distinguished_name.push(rcgen::DnType::CommonName, format!("Handfast interop {name}"));
            let key = key(algorithm);
            let leaf = params.signed_by(&key, &ca).expect("a leaf");
            it.write(&format!("{name}.pem"), &leaf.pem());
            it.write(&format!("{name}-chain.pem"), &(leaf.pem() + &ca.pem()));
            it.write(&format!("{name}.key"), &private_key(&key));
        }
        it.more = it.rsa_pss().and_then(|()| it.vouch(Key::Rsa)).and_then(|()| it.vouch(Key::Ecdsa)).is_some();
        it
    }

    /// Why this row cannot be tried, if so.
    pub fn lacks(&self, case: &Case) -> Option<&'static str> {
        (!self.more && (case.key == Key::RsaPss || matches!(case.feature, Feature::Stapled | Feature::RawKey)))
            .then_some("what it needs is made by the system's OpenSSL, which is not here")
    }

    /// A certificate for an RSA key that is for RSASSA-PSS only.
    fn rsa_pss(&self) -> Option<()> {
        let (cert, key) = self.server(Key::RsaPss);
        let (asked, extensions) = (self.path("rsa-pss.csr"), self.path("rsa-pss.ext"));
        self.write(
            "rsa-pss.ext",
            "subjectAltName=DNS:localhost,IP:127.0.0.1\nkeyUsage=digitalSignature\nextendedKeyUsage=serverAuth\n",
        );
        let name = "/CN=Handfast interop rsa-pss";
        openssl(&["genpkey", "-algorithm", "RSA-PSS", "-pkeyopt", "rsa_keygen_bits:2048", "-out", &key])?;
        openssl(&["req", "-new", "-key", &key, "-subj", name, "-out", &asked])?;
        let (ca, ca_key) = (self.ca(), self.path("ca.key"));
        openssl(&[
            "x509",
            "-req",
            "-in",
            &asked,
            "-CA",
            &ca,
            "-CAkey",
            &ca_key,
            "-set_serial",
            "77",
            "-extfile",
            &extensions,
            "-out",
            &cert,
        ])
    }

    /// What the authority says of this certificate, now: an OCSP response. And the key alone, for who wants it raw.
    fn vouch(&self, key: Key) -> Option<()> {
        let (cert, private) = self.server(key);
        let (ca, ca_key) = (self.ca(), self.path("ca.key"));
        let said = Command::new("openssl").args(["x509", "-serial", "-noout", "-in", &cert]).output().ok()?;
        let text = String::from_utf8(said.stdout).ok()?;
        let serial = text.trim().strip_prefix("serial=")?;
        self.write("index", &format!("V\t491231235959Z\t\t{serial}\tunknown\t/CN=x\n"));
        openssl(&[
            "ocsp",
            "-index",
            &self.path("index"),
            "-CA",
            &ca,
            "-rsigner",
            &ca,
            "-rkey",
            &ca_key,
            "-issuer",
            &ca,
            "-cert",
            &cert,
            "-ndays",
            "7",
            "-respout",
            &self.ocsp(key),
        ])?;
        openssl(&["pkey", "-in", &private, "-pubout", "-out", &self.public_key(key)])?;
        openssl(&[
            "pkey",
            "-in",
            &private,
            "-pubout",
            "-outform",
            "DER",
            "-out",
            &self.public_key(key).replace(".pub", ".spki"),
        ])
    }

    /// An OCSP response for the certificate of this key.
    pub fn ocsp(&self, key: Key) -> String {
        self.path(&format!("{}.ocsp", key.name()))
    }
    /// The public half of a server's key, PEM.
    pub fn public_key(&self, key: Key) -> String {
        self.path(&format!("{}.pub", key.name()))
    }
    /// The SHA-256 of the public half, DER, in hexadecimal.
    pub fn key_hash(&self, key: Key) -> String {
        let spki = self.public_key(key).replace(".pub", ".spki");
        let said = Command::new("openssl").args(["dgst", "-sha256", "-r", &spki]).output();
        let text = said.map(|out| String::from_utf8_lossy(&out.stdout).into_owned()).unwrap_or_default();
        text.split(' ').next().unwrap_or_default().to_owned()
    }

    fn write(&self, name: &str, text: &str) {
        std::fs::write(self.dir.join(name), text).expect("a file");
    }
    /// A folder to serve with this page in it.
    pub fn site(&self, page: &str) -> String {
        let dir = self.dir.join("site");
        std::fs::create_dir_all(&dir).expect("a folder to serve");
        std::fs::write(dir.join("index.html"), page).expect("a page");
        std::fs::write(dir.join("large.bin"), vec![0; 1_000_000]).expect("a large file");
        dir.to_string_lossy().into_owned()
    }
    pub fn dir(&self) -> &Path {
        &self.dir
    }
    pub fn path(&self, name: &str) -> String {
        self.dir.join(name).to_string_lossy().into_owned()
    }
    /// A path where nothing is yet. A port is no such name: in a long run it comes again, and what was left there would be taken up.
    pub fn fresh(&self, name: &str) -> String {
        self.path(&format!("{name}-{}", self.fresh.fetch_add(1, Ordering::Relaxed)))
    }
    pub fn ca(&self) -> String {
        self.path("ca.pem")
    }
    /// Certificate and key of a server.
    pub fn server(&self, key: Key) -> (String, String) {
        let name = key.name();
        (self.path(&format!("{name}.pem")), self.path(&format!("{name}.key")))
    }
    /// The same, with the authority's: more to compress.
    pub fn server_with_ca(&self, key: Key) -> (String, String) {
        let name = key.name();
        (self.path(&format!("{name}-chain.pem")), self.path(&format!("{name}.key")))
    }
    pub fn client(&self) -> (String, String) {
        (self.path("client.pem"), self.path("client.key"))
    }
}

impl Drop for Material {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.dir);
    }
}

/// The system's OpenSSL, for what rcgen cannot make.
fn openssl(args: &[&str]) -> Option<()> {
    let done =
        Command::new("openssl").args(args).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status();
    done.is_ok_and(|status| status.success()).then_some(())
}

/// `None` if OpenSSL makes it.
fn algorithm(key: Key) -> Option<&'static SignatureAlgorithm> {
    Some(match key {
        Key::Rsa => &PKCS_RSA_SHA256,
        Key::Ecdsa => &PKCS_ECDSA_P256_SHA256,
        Key::P384 => &PKCS_ECDSA_P384_SHA384,
        Key::P521 => &PKCS_ECDSA_P521_SHA512,
        Key::Ed25519 => &PKCS_ED25519,
        Key::MlDsa44 => &PKCS_ML_DSA_44,
        Key::MlDsa65 => &PKCS_ML_DSA_65,
        Key::MlDsa87 => &PKCS_ML_DSA_87,
        Key::RsaPss => return None,
    })
}

fn key(algorithm: &'static SignatureAlgorithm) -> KeyPair {
    KeyPair::generate_for(algorithm).expect("a key")
}

/// PKCS#8 that every peer reads. Version 2 (RFC 5958), which Ed25519 keys come in, is unknown to OpenSSL 3.0 and GnuTLS 3.7:
/// such a key is written again without its public half.
fn private_key(key: &KeyPair) -> String {
    const ED25519_V2: [u8; 16] = [0x30, 0x51, 2, 1, 1, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 4, 0x22, 4, 0x20];
    let der = key.serialize_der();
    let Some(seed) = der.strip_prefix(&ED25519_V2).and_then(|rest| rest.get(..32)) else { return key.serialize_pem() };
    let mut v1 = ED25519_V2.to_vec();
    (v1[1], v1[4]) = (0x2e, 0);
    v1.extend_from_slice(seed);
    let text = base64::engine::general_purpose::STANDARD.encode(v1);
    format!("-----BEGIN PRIVATE KEY-----\n{text}\n-----END PRIVATE KEY-----\n")
}
