//! `handfast cert`: a certificate that the development CA signs.

use crate::args;
use crate::args::KeyType;
use crate::exit::Failure;
use crate::home::{self, Home, Use};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use rcgen::{KeyPair, RsaKeySize};
use std::io::Write;

pub(crate) fn run(args: &args::Cert) -> Result<(), Failure> {
    let key = key(args.key_type).map_err(|e| Failure::io(format!("cannot make a key: {e}.")))?;
    let usage = if args.client { Use::Client } else { Use::Server };
    let ca = Home::find()?.ca()?;
    let certificate = ca.issue(&args.names, usage, args.days, &key)?;

    let name = file_name(args.names.first().map_or("", String::as_str));
    let (cert_path, key_path) = (args.out.join(format!("{name}.pem")), args.out.join(format!("{name}-key.pem")));
    home::make_folder(&args.out).map_err(|e| Failure::file("make", &args.out, e))?;
    home::replace_private(&key_path, pem(&key).as_bytes()).map_err(|e| Failure::file("write", &key_path, e))?;
    home::replace(&cert_path, certificate.as_bytes(), 0o644).map_err(|e| Failure::file("write", &cert_path, e))?;

    let told =
        format!("certificate {}\nkey {}\nsigned by {}\n", cert_path.display(), key_path.display(), ca.path.display());
    std::io::stdout()
        .write_all(told.as_bytes())
        .or_else(crate::quietly)
        .map_err(|e| Failure::io(format!("cannot write to stdout: {e}.")))
}

fn key(kind: KeyType) -> Result<KeyPair, rcgen::Error> {
    let rsa = |size| KeyPair::generate_rsa_for(&rcgen::PKCS_RSA_SHA256, size);
    KeyPair::generate_for(match kind {
        KeyType::EcdsaP256 => &rcgen::PKCS_ECDSA_P256_SHA256,
        KeyType::EcdsaP384 => &rcgen::PKCS_ECDSA_P384_SHA384,
        KeyType::EcdsaP521 => &rcgen::PKCS_ECDSA_P521_SHA512,
        KeyType::Ed25519 => &rcgen::PKCS_ED25519,
        KeyType::MlDsa44 => &rcgen::PKCS_ML_DSA_44,
        KeyType::MlDsa65 => &rcgen::PKCS_ML_DSA_65,
        KeyType::MlDsa87 => &rcgen::PKCS_ML_DSA_87,
        KeyType::Rsa2048 => return rsa(RsaKeySize::_2048),
        KeyType::Rsa3072 => return rsa(RsaKeySize::_3072),
        KeyType::Rsa4096 => return rsa(RsaKeySize::_4096),
    })
}

/// PKCS#8 that others read too. Keys of Ed25519 come in version 2 of it, with the public key behind (RFC 5958), which OpenSSL 3.0 and
/// GnuTLS 3.7 do not know: these are written again in version 1, which is the same without it (RFC 8410 7).
fn pem(key: &KeyPair) -> String {
    const HEAD: [u8; 16] = [0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 4, 0x22, 4, 0x20];
    let version2 = [&[0x30, 0x51, 2, 1, 1], &HEAD[5..]].concat();
    let seed = key.serialized_der().strip_prefix(&version2[..]).and_then(|rest| rest.first_chunk::<32>());
    match seed {
        Some(seed) => {
            let text = BASE64_STANDARD.encode([&HEAD[..], seed].concat());
            format!("-----BEGIN PRIVATE KEY-----\n{text}\n-----END PRIVATE KEY-----\n")
        }
        None => key.serialize_pem(),
    }
}

/// A name that can be a file's: no separators, no dot in front, and `*` in a word.
fn file_name(name: &str) -> String {
    let safe = |c: char| if c.is_alphanumeric() || matches!(c, '.' | '-' | '_' | '@') { c } else { '_' };
    let name: String = name.replace('*', "wildcard").chars().map(safe).collect();
    if name.starts_with('.') { format!("_{name}") } else { name }
}

#[cfg(test)]
mod tests {
    use super::file_name;

    #[test]
    fn files_are_called_after_the_first_name() {
        assert_eq!(file_name("*.example.com"), "wildcard.example.com");
        assert_eq!(file_name("::1"), "__1");
        assert_eq!(file_name("../a b/c"), "_.._a_b_c");
        assert_eq!(file_name("Ada Lovelace"), "Ada_Lovelace");
    }
}
