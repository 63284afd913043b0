//! Certificates and keys, fresh for each run, in a folder that goes with it.

use super::cases::{Case, Feature, Key, OTHER_NAME};
use super::flags::PSK;
use super::peers::Said;
use super::timestamps;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use handfast::crypto::{HashAlgorithm, aws_lc};
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, CustomExtension, DistinguishedName, DnType,
    ExtendedKeyUsagePurpose, IsCa, KeyPair, KeyUsagePurpose, PKCS_ECDSA_P256_SHA256, PKCS_ECDSA_P384_SHA384,
    PKCS_ECDSA_P521_SHA512, PKCS_ED25519, PKCS_ML_DSA_44, PKCS_ML_DSA_65, PKCS_ML_DSA_87, PKCS_RSA_SHA256,
    SignatureAlgorithm,
};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// The file of pre-shared keys.
const KEYS: &str = "psk.txt";
/// The file that takes long to fetch.
const LARGE: &str = "large.bin";

/// What our authority is called.
pub const AUTHORITY: &str = "Handfast interop CA";

pub struct Material {
    dir: Arc<Folder>,
    /// Whether there is what only OpenSSL makes.
    more: bool,
    /// How many names were given out that nothing else has.
    fresh: Arc<AtomicUsize>,
    /// What peers have said as clients.
    pub said: Said,
}

/// A folder that goes when all is done.
struct Folder(PathBuf);

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

impl Material {
    pub fn make() -> Self {
        let dir = std::env::temp_dir().join(format!("handfast-interop-{}", std::process::id()));
        std::fs::create_dir_all(&dir).expect("a folder for the certificates");
        let mut it = Self { dir: Arc::new(Folder(dir)), more: false, fresh: Arc::default(), said: Said::default() };
        // One authority with an RSA key: what old peers verify, all do.
        let ca = it.authority("ca", AUTHORITY);
        let other_ca = it.authority("other-ca", "Another CA");
        for key in Key::ALL {
            if let Some(algorithm) = algorithm(key) {
                it.leaf(&ca, key.name(), &["localhost", "127.0.0.1"], algorithm);
            }
        }
        it.leaf(&ca, "other", &[OTHER_NAME], &PKCS_RSA_SHA256);
        it.leaf(&other_ca, "foreign", &["localhost"], &PKCS_RSA_SHA256);
        it.leaf(&ca, "client", &[], &PKCS_RSA_SHA256);
        it.leaf(&other_ca, "other-client", &[], &PKCS_RSA_SHA256);
        it.write(KEYS, &format!("{}:{}\n", PSK.0, PSK.1));
        std::fs::write(it.path(LARGE), vec![0; 1_000_000]).expect("a large file");
        timestamps::make(&it, &[Key::Rsa, Key::Ecdsa]);
        it.more = it
            .rsa_pss()
            .and_then(|()| it.vouch(Key::Rsa))
            .and_then(|()| it.vouch(Key::Ecdsa))
            .and_then(|()| it.vouch(Key::MustStaple))
            .and_then(|()| it.publish("client"))
            .and_then(|()| it.publish("other"))
            .is_some();
        it
    }

    /// The same for another cell, whose peer says other things.
    pub fn apart(&self) -> Self {
        Self { dir: self.dir.clone(), more: self.more, fresh: self.fresh.clone(), said: Said::default() }
    }

    fn authority(&self, file: &str, name: &str) -> CertifiedIssuer<'static, KeyPair> {
        let mut params = CertificateParams::new(Vec::new()).expect("parameters");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        params.distinguished_name = DistinguishedName::new();
        params.distinguished_name.push(DnType::CommonName, name);
        let key = key(&PKCS_RSA_SHA256);
        self.write(&format!("{file}.key"), &key.serialize_pem());
        let ca = CertifiedIssuer::self_signed(params, key).expect("a CA");
        self.write(&format!("{file}.pem"), &ca.pem());
        ca
    }

    /// A server's certificate if it is for names, else a client's.
    fn leaf(
        &self,
        ca: &CertifiedIssuer<'static, KeyPair>,
        file: &str,
        names: &[&str],
        algorithm: &'static SignatureAlgorithm,
    ) {
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        let usage =
            if names.is_empty() { ExtendedKeyUsagePurpose::ClientAuth } else { ExtendedKeyUsagePurpose::ServerAuth };
        let mut params = CertificateParams::new(names).expect("parameters");
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature, KeyUsagePurpose::KeyEncipherment];
        params.extended_key_usages = vec![usage];
        params.distinguished_name.push(DnType::CommonName, format!("Handfast interop {file}"));
        if file == Key::MustStaple.name() {
            // TLS feature: status_request (RFC 7633 4.1).
            let oid = [1, 3, 6, 1, 5, 5, 7, 1, 24];
            params.custom_extensions.push(CustomExtension::from_oid_content(&oid, vec![0x30, 3, 2, 1, 5]));
        }
        let key = key(algorithm);
        let leaf = params.signed_by(&key, ca).expect("a leaf");
        self.write(&format!("{file}.pem"), &leaf.pem());
        self.write(&format!("{file}-chain.pem"), &(leaf.pem() + &ca.pem()));
        self.write(&format!("{file}.key"), &private_key(&key));
    }

    /// Why this row cannot be tried, if so.
    pub fn lacks(&self, case: &Case) -> Option<&'static str> {
        (!self.more
            && (case.key == Key::RsaPss
                || matches!(case.feature, Feature::Stapled | Feature::RawKey | Feature::RawClientKey)))
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
        let (cert, _) = self.server(key);
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
        self.publish(key.name())
    }

    /// The public half of a key, in PEM and in DER.
    fn publish(&self, file: &str) -> Option<()> {
        let [private, pem, der] = ["key", "pub", "spki"].map(|kind| self.path(&format!("{file}.{kind}")));
        openssl(&["pkey", "-in", &private, "-pubout", "-out", &pem])?;
        openssl(&["pkey", "-in", &private, "-pubout", "-outform", "DER", "-out", &der])
    }

    /// An OCSP response for the certificate of this key.
    pub fn ocsp(&self, key: Key) -> String {
        self.path(&format!("{}.ocsp", key.name()))
    }
    /// The public half of a server's key, PEM.
    pub fn public_key(&self, key: Key) -> String {
        self.path(&format!("{}.pub", key.name()))
    }
    /// The same, DER.
    pub fn spki(&self, key: Key) -> String {
        self.path(&format!("{}.spki", key.name()))
    }
    /// The public half of the client's key, PEM.
    pub fn client_public_key(&self) -> String {
        self.path("client.pub")
    }
    /// The same, DER.
    pub fn client_spki(&self) -> String {
        self.path("client.spki")
    }
    /// The SHA-256 of the public half, DER, in hexadecimal.
    pub fn key_hash(&self, key: Key) -> String {
        hex(&hash(&self.spki(key)))
    }
    /// The same of the client's key.
    pub fn client_key_hash(&self) -> String {
        hex(&hash(&self.client_spki()))
    }
    /// Signed certificate timestamps for the certificate of this key: a list.
    pub fn timestamps(&self, key: Key) -> String {
        self.path(&format!("{}.scts", key.name()))
    }
    /// Which log they are from, as OpenSSL reads it.
    pub fn logs(&self) -> String {
        self.path("logs.cnf")
    }
    /// The same for `openssl s_server`.
    pub fn server_info(&self, key: Key, version: &str) -> String {
        self.path(&format!("{}-{version}.serverinfo", key.name()))
    }

    fn write(&self, name: &str, text: &str) {
        std::fs::write(self.dir().join(name), text).expect("a file");
    }
    /// The external pre-shared key, as GnuTLS's server reads it.
    pub fn psks(&self) -> String {
        self.path(KEYS)
    }
    /// A folder to serve with this page in it.
    pub fn site(&self, page: &str) -> String {
        let dir = self.fresh("site");
        std::fs::create_dir_all(&dir).expect("a folder to serve");
        std::fs::write(format!("{dir}/index.html"), page).expect("a page");
        std::fs::hard_link(self.path(LARGE), format!("{dir}/{LARGE}")).expect("a large file");
        dir
    }
    pub fn dir(&self) -> &Path {
        &self.dir.0
    }
    pub fn path(&self, name: &str) -> String {
        self.dir().join(name).to_string_lossy().into_owned()
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
    /// Certificate and key of a server with the other name; RSA.
    pub fn other_server(&self) -> (String, String) {
        (self.path("other.pem"), self.path("other.key"))
    }
    /// The SHA-256 of its public key, DER, in base64.
    pub fn other_server_pin(&self) -> String {
        BASE64_STANDARD.encode(hash(&self.path("other.spki")))
    }
    /// Certificate and key of a server, from an authority that clients do not know; RSA.
    pub fn foreign_server(&self) -> (String, String) {
        (self.path("foreign.pem"), self.path("foreign.key"))
    }
    /// The certificate and key that a server has besides, if the row is about which it shows.
    pub fn besides(&self, case: &Case) -> Option<(String, String)> {
        match case.feature {
            Feature::ByName => Some(self.other_server()),
            Feature::ByScheme => Some(self.server(Key::Ecdsa)),
            Feature::ByAuthority => Some(self.foreign_server()),
            _ => None,
        }
    }
    pub fn client(&self) -> (String, String) {
        (self.path("client.pem"), self.path("client.key"))
    }
    /// Certificate and key of a client, from an authority that servers do not know.
    pub fn other_client(&self) -> (String, String) {
        (self.path("other-client.pem"), self.path("other-client.key"))
    }
}

/// The system's OpenSSL, for what rcgen cannot make.
fn openssl(args: &[&str]) -> Option<()> {
    let done =
        Command::new("openssl").args(args).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status();
    done.is_ok_and(|status| status.success()).then_some(())
}

/// The SHA-256 of a file that only OpenSSL makes.
fn hash(path: &str) -> Vec<u8> {
    let mut hash = aws_lc::provider().hash(HashAlgorithm::Sha256);
    hash.update(&std::fs::read(path).unwrap_or_default());
    hash.current().to_vec()
}

/// In hexadecimal.
fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}

/// `None` if OpenSSL makes it.
fn algorithm(key: Key) -> Option<&'static SignatureAlgorithm> {
    Some(match key {
        Key::Rsa => &PKCS_RSA_SHA256,
        Key::Ecdsa | Key::MustStaple => &PKCS_ECDSA_P256_SHA256,
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
    let text = BASE64_STANDARD.encode(v1);
    format!("-----BEGIN PRIVATE KEY-----\n{text}\n-----END PRIVATE KEY-----\n")
}
