//! The tool's folder: the development CA, and the keys of the certificates that it signs for `serve`.
//!
//! Keys are readable by their owner only. Nothing is ever half written: a file is made aside, then put in its place.

use crate::exit::Failure;
use handfast::crypto::aws_lc;
use handfast::pki_types::CertificateDer;
use handfast::pki_types::pem::PemObject;
use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, PKCS_ECDSA_P256_SHA256, PKCS_RSA_SHA256, PublicKeyData, SanType, SerialNumber, SignatureAlgorithm,
};
use std::fs::{self, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use time::{Duration, OffsetDateTime};
use x509_parser::prelude::{FromDer, X509Certificate};

/// For how long the development CA is valid.
const CA_DAYS: i64 = 3650;
/// How many characters a common name has at most (RFC 5280 A.1).
const UB_COMMON_NAME: usize = 64;
/// Certificates count from a little before now, for clocks that are behind.
const BACKDATE: Duration = Duration::hours(1);

/// The tool's folder, which need not exist yet.
pub(crate) struct Home(PathBuf);

/// What a certificate is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Use {
    Server,
    Client,
}

/// The development CA, able to sign.
pub(crate) struct Ca {
    /// Where its certificate is.
    pub(crate) path: PathBuf,
    issuer: Issuer<'static, KeyPair>,
}

impl Home {
    /// `HANDFAST_HOME`, or `handfast` in the user's data folder.
    pub(crate) fn find() -> Result<Self, Failure> {
        let set = |name: &str| std::env::var_os(name).filter(|v| !v.is_empty()).map(PathBuf::from);
        let data = || {
            if cfg!(windows) {
                set("LOCALAPPDATA")
            } else if cfg!(target_os = "macos") {
                set("HOME").map(|h| h.join("Library/Application Support"))
            } else {
                set("XDG_DATA_HOME").or_else(|| set("HOME").map(|h| h.join(".local/share")))
            }
        };
        set("HANDFAST_HOME").or_else(|| data().map(|d| d.join("handfast"))).map(Self).ok_or_else(|| {
            let mut failure = Failure::io("there is no data folder: neither HANDFAST_HOME nor HOME is set.");
            failure.explanation.remedy = "Set HANDFAST_HOME to a folder of yours.".into();
            failure
        })
    }

    /// Where the CA's certificate is, or would be.
    pub(crate) fn ca_path(&self) -> PathBuf {
        self.0.join("ca.pem")
    }

    /// The development CA; made, if there is none.
    pub(crate) fn ca(&self) -> Result<Ca, Failure> {
        let (key_path, path) = (self.0.join("ca-key.pem"), self.ca_path());
        let there = read(&path)?;
        // The key is the first of both to be made, so that it is never late.
        if there.is_some() && read(&key_path)?.is_none() {
            return Err(self.renewing_ca(Failure::file("read", &key_path, "the development CA has no key any more")));
        }
        let key = self.key(&key_path, &PKCS_ECDSA_P256_SHA256)?;
        let pem = match there {
            Some(pem) => pem,
            None => {
                let host = gethostname::gethostname().to_string_lossy().into_owned();
                let params = ca_params(&format!("Handfast development CA of {host}"));
                let pem = params.self_signed(&key).map_err(|e| made("development CA", e))?.pem();
                self.publish(&path, &pem, 0o644)?
            }
        };
        if !belongs(&key, &pem).map_err(|e| self.renewing_ca(Failure::file("read", &path, e)))? {
            let why = "it is not the certificate of the key beside it";
            return Err(self.renewing_ca(Failure::file("use", &path, why)));
        }
        let issuer =
            Issuer::from_ca_cert_pem(&pem, key).map_err(|e| self.renewing_ca(Failure::file("read", &path, e)))?;
        Ok(Ca { path, issuer })
    }

    fn renewing_ca(&self, mut failure: Failure) -> Failure {
        let folder = self.0.display();
        failure.explanation.remedy =
            format!("Remove ca.pem and ca-key.pem from {folder}: a new CA is made then, which must be trusted anew.");
        failure
    }

    /// The keys that `serve` has: ECDSA for all that is new, RSA for what needs it.
    pub(crate) fn server_keys(&self) -> Result<[KeyPair; 2], Failure> {
        Ok([
            self.key(&self.0.join("server-ecdsa-key.pem"), &PKCS_ECDSA_P256_SHA256)?,
            self.key(&self.0.join("server-rsa-key.pem"), &PKCS_RSA_SHA256)?,
        ])
    }

    /// The key in this file; made, if there is none.
    fn key(&self, path: &Path, algorithm: &'static SignatureAlgorithm) -> Result<KeyPair, Failure> {
        let pem = match read(path)? {
            Some(pem) => pem,
            None => {
                let key = KeyPair::generate_for(algorithm).map_err(|e| made("key", e))?;
                self.publish(path, &key.serialize_pem(), 0o600)?
            }
        };
        KeyPair::from_pem(&pem).map_err(|_| {
            let mut failure = Failure::file("read", path, "it is not a private key in PKCS#8");
            failure.explanation.remedy = "Remove the file: a new key is made then.".into();
            failure
        })
    }

    /// Puts a new file in its place, unless another process was faster; gives what stands there then.
    fn publish(&self, path: &Path, content: &str, mode: u32) -> Result<String, Failure> {
        let done = make_folder(&self.0).and_then(|()| aside(path, content.as_bytes(), mode)).and_then(|temporary| {
            let linked = fs::hard_link(&temporary, path);
            fs::remove_file(&temporary)?;
            linked
        });
        match done {
            Ok(()) => Ok(content.to_owned()),
            Err(e) if e.kind() == ErrorKind::AlreadyExists => {
                read(path)?.ok_or_else(|| Failure::file("read", path, "it is gone again"))
            }
            Err(e) => Err(Failure::file("write", path, e)),
        }
    }
}

impl Ca {
    /// A certificate for this key, in PEM.
    pub(crate) fn issue(&self, names: &[String], usage: Use, days: u32, key: &KeyPair) -> Result<String, Failure> {
        let params = leaf_params(names, usage, days, key)?;
        let certificate = params.signed_by(key, &self.issuer).map_err(|e| made("certificate", e))?;
        Ok(certificate.pem())
    }
}

/// Writes a file that only its owner can read and write, in the place of whatever was there.
pub(crate) fn replace_private(path: &Path, content: &[u8]) -> io::Result<()> {
    replace(path, content, 0o600)
}

/// Writes a file with this mode, in the place of whatever was there.
pub(crate) fn replace(path: &Path, content: &[u8], mode: u32) -> io::Result<()> {
    let temporary = aside(path, content, mode)?;
    fs::rename(&temporary, path).inspect_err(|_| {
        let _ = fs::remove_file(&temporary);
    })
}

/// A folder that is its owner's alone, if there is none yet.
pub(crate) fn make_folder(path: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}

/// What the certificate of a CA of this name says.
pub(crate) fn ca_params(name: &str) -> CertificateParams {
    let mut params = valid_for(CA_DAYS);
    params.distinguished_name = called(name);
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params
}

/// What a leaf's certificate says: for a server, names and addresses; for a client, a name of any kind.
pub(crate) fn leaf_params(
    names: &[String],
    usage: Use,
    days: u32,
    key: &KeyPair,
) -> Result<CertificateParams, Failure> {
    let mut params = valid_for(days.into());
    // A longer name stands as an alternative only (RFC 5280 A.1).
    let first = names.first().filter(|n| n.chars().count() <= UB_COMMON_NAME);
    params.distinguished_name = first.map_or_else(DistinguishedName::new, |n| called(n));
    for name in names {
        match alternative(name) {
            Some(alternative) => params.subject_alt_names.push(alternative),
            None if name.is_empty() => return Err(Failure::usage("a name is empty.", "")),
            None if usage == Use::Client && name.chars().count() <= UB_COMMON_NAME => {}
            None if usage == Use::Client => {
                let why = format!("\"{name}\" is too long for a name: it has more than {UB_COMMON_NAME} characters.");
                return Err(Failure::usage(why, ""));
            }
            None => return Err(Failure::usage(format!("\"{name}\" is neither a DNS name nor an address."), "")),
        }
    }
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    if key.algorithm() == &PKCS_RSA_SHA256 {
        params.key_usages.push(KeyUsagePurpose::KeyEncipherment);
    }
    params.extended_key_usages = vec![match usage {
        Use::Server => ExtendedKeyUsagePurpose::ServerAuth,
        Use::Client => ExtendedKeyUsagePurpose::ClientAuth,
    }];
    params.use_authority_key_identifier_extension = true;
    // By itself it would be made of the key, and two certificates of one key would have the same.
    let mut serial = [0; 16];
    aws_lc::provider().random(&mut serial).map_err(|e| Failure::io(format!("cannot make a serial number: {e}.")))?;
    serial[0] &= 0x7f;
    params.serial_number = Some(SerialNumber::from_slice(&serial));
    Ok(params)
}

fn valid_for(days: i64) -> CertificateParams {
    let now = OffsetDateTime::now_utc();
    let mut params = CertificateParams::default();
    (params.not_before, params.not_after) = (now - BACKDATE, now + Duration::days(days));
    params
}

fn called(name: &str) -> DistinguishedName {
    let mut out = DistinguishedName::new();
    out.push(DnType::CommonName, name);
    out
}

/// The form in which a name stands in a certificate; `None` if it is neither name nor address nor mailbox.
fn alternative(name: &str) -> Option<SanType> {
    if let Ok(address) = name.parse::<IpAddr>() {
        return Some(SanType::IpAddress(address));
    }
    if name.contains('@') {
        return Some(SanType::Rfc822Name(name.try_into().ok()?));
    }
    handfast::pki_types::DnsName::try_from(name.strip_prefix("*.").unwrap_or(name)).ok()?;
    Some(SanType::DnsName(name.try_into().ok()?))
}

/// Whether a certificate in PEM is of this key; what is wrong with it, if it cannot be read.
fn belongs(key: &KeyPair, pem: &str) -> Result<bool, &'static str> {
    let unreadable = "it is not a certificate in PEM";
    let der = CertificateDer::from_pem_slice(pem.as_bytes()).map_err(|_| unreadable)?;
    let (_, certificate) = X509Certificate::from_der(&der).map_err(|_| unreadable)?;
    Ok(certificate.public_key().raw == key.subject_public_key_info())
}

fn made(what: &str, error: rcgen::Error) -> Failure {
    Failure::io(format!("cannot make a {what}: {error}."))
}

/// A file's text; `None` if there is no such file.
fn read(path: &Path) -> Result<Option<String>, Failure> {
    match fs::read_to_string(path) {
        Ok(text) => Ok(Some(text)),
        Err(e) if e.kind() == ErrorKind::NotFound => Ok(None),
        Err(e) => Err(Failure::file("read", path, e)),
    }
}

/// Writes beside the place where the file shall be, with the right mode from the first byte on.
fn aside(path: &Path, content: &[u8], mode: u32) -> io::Result<PathBuf> {
    let name = path.file_name().ok_or_else(|| io::Error::from(ErrorKind::InvalidInput))?.to_string_lossy();
    let temporary = path.with_file_name(format!(".{name}.{}", std::process::id()));
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, mode);
    #[cfg(not(unix))]
    let _ = mode;
    // One of this name was left by a process that died, and had our number.
    match fs::remove_file(&temporary) {
        Err(e) if e.kind() != ErrorKind::NotFound => return Err(e),
        _ => {}
    }
    let mut file = options.open(&temporary)?;
    file.write_all(content).and_then(|()| file.sync_all()).inspect_err(|_| {
        let _ = fs::remove_file(&temporary);
    })?;
    Ok(temporary)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn home() -> Home {
        use std::sync::atomic::{AtomicU32, Ordering};
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let n = NEXT.fetch_add(1, Ordering::Relaxed);
        Home(std::env::temp_dir().join(format!("handfast-home-{}-{n}", std::process::id())))
    }

    #[test]
    fn the_ca_is_made_once_and_its_key_is_private() {
        let home = home();
        let first = home.ca().map(|ca| fs::read(ca.path).expect("ca.pem")).ok();
        let again = home.ca().map(|ca| fs::read(ca.path).expect("ca.pem")).ok();
        assert!(first.is_some());
        assert_eq!(first, again);
        let names: Vec<_> = fs::read_dir(&home.0).expect("home").map(|e| e.expect("entry").file_name()).collect();
        assert_eq!(names.len(), 2, "nothing is left beside: {names:?}");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let mode = |p: PathBuf| fs::metadata(p).expect("metadata").permissions().mode() & 0o777;
            assert_eq!(mode(home.0.join("ca-key.pem")), 0o600);
            assert_eq!(mode(home.0.clone()), 0o700);
        }
        fs::remove_dir_all(&home.0).expect("clean");
    }

    #[test]
    fn who_comes_second_takes_what_is_there() {
        let home = home();
        let path = home.0.join("x");
        assert_eq!(home.publish(&path, "first", 0o600).ok().as_deref(), Some("first"));
        assert_eq!(home.publish(&path, "second", 0o600).ok().as_deref(), Some("first"));
        fs::remove_dir_all(&home.0).expect("clean");
    }

    #[test]
    fn names_take_their_form() {
        assert!(matches!(alternative("::1"), Some(SanType::IpAddress(_))));
        assert!(matches!(alternative("*.example.com"), Some(SanType::DnsName(_))));
        assert!(matches!(alternative("a@example.com"), Some(SanType::Rfc822Name(_))));
        assert!(alternative("two words").is_none());
        assert!(alternative("a/b").is_none());
    }
}
