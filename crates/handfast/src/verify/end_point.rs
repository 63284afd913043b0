//! The hash of a certificate that ties an authentication to its server: `tls-server-end-point` (RFC 5929 4).

use super::der::{Certificate, Der, tag};
use sha2::{Digest, Sha224, Sha256, Sha384, Sha512};

/// A hash function that a certificate's signature may name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Hash {
    Sha224,
    Sha256,
    Sha384,
    Sha512,
}

/// The OIDs of signature algorithms, and their hashes: MD5 and SHA-1 are replaced by SHA-256 (RFC 5929 4.1).
const SIGNATURES: &[(&[u8], Hash)] = &[
    // RSA with PKCS#1 padding: MD5, SHA-1, SHA-224 to SHA-512 (RFC 8017 A.2.4).
    (&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x04], Hash::Sha256),
    (&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x05], Hash::Sha256),
    (&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0e], Hash::Sha224),
    (&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0b], Hash::Sha256),
    (&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0c], Hash::Sha384),
    (&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0d], Hash::Sha512),
    // ECDSA: SHA-1, SHA-224 to SHA-512 (RFC 5758 3.2).
    (&[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x01], Hash::Sha256),
    (&[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x01], Hash::Sha224),
    (&[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02], Hash::Sha256),
    (&[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x03], Hash::Sha384),
    (&[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x04], Hash::Sha512),
];

/// RSASSA-PSS, whose hash is one of its parameters (RFC 4055 3.1).
const PSS: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0a];

/// The OIDs of hashes: SHA-1, SHA-224 to SHA-512.
const HASHES: &[(&[u8], Hash)] = &[
    (&[0x2b, 0x0e, 0x03, 0x02, 0x1a], Hash::Sha256),
    (&[0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x04], Hash::Sha224),
    (&[0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01], Hash::Sha256),
    (&[0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x02], Hash::Sha384),
    (&[0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x03], Hash::Sha512),
];

fn find(table: &[(&[u8], Hash)], oid: &[u8]) -> Option<Hash> {
    table.iter().find(|(known, _)| *known == oid).map(|(_, hash)| *hash)
}

/// The hash of a signature algorithm: the content of an AlgorithmIdentifier.
fn hash_of(algorithm: &[u8]) -> Option<Hash> {
    let mut fields = Der(algorithm);
    let oid = fields.next(tag::OID)?.content;
    if oid != PSS {
        return find(SIGNATURES, oid);
    }
    // Parameters that are left out mean SHA-1.
    let Some(parameters) = fields.next(tag::SEQUENCE) else { return Some(Hash::Sha256) };
    match Der(parameters.content).next(tag::EXPLICIT_0) {
        Some(hash) => {
            let identifier = Der(hash.content).next(tag::SEQUENCE)?;
            find(HASHES, Der(identifier.content).next(tag::OID)?.content)
        }
        None => Some(Hash::Sha256),
    }
}

/// The hash of a server's certificate by the hash function of its own signature; or why there is none.
pub(crate) fn end_point(certificate: &[u8]) -> Result<Vec<u8>, &'static str> {
    let read = Certificate::read(certificate).ok_or("the certificate cannot be read")?;
    let hash = hash_of(read.signature).ok_or("the certificate's signature has no hash function of its own")?;
    Ok(match hash {
        Hash::Sha224 => Sha224::digest(certificate).to_vec(),
        Hash::Sha256 => Sha256::digest(certificate).to_vec(),
        Hash::Sha384 => Sha384::digest(certificate).to_vec(),
        Hash::Sha512 => Sha512::digest(certificate).to_vec(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_s_hash_and_none_weaker_than_sha256() {
        let rsa = |n| vec![0x06, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, n, 0x05, 0];
        for (n, hash) in
            [(4, Hash::Sha256), (5, Hash::Sha256), (11, Hash::Sha256), (12, Hash::Sha384), (13, Hash::Sha512)]
        {
            assert_eq!(hash_of(&rsa(n)), Some(hash), "{n}");
        }
        let ecdsa = |n| vec![0x06, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, n];
        assert_eq!(hash_of(&ecdsa(3)), Some(Hash::Sha384));
        // Ed25519; and what cannot be read.
        assert_eq!(hash_of(&[0x06, 3, 0x2b, 0x65, 0x70]), None);
        assert_eq!(hash_of(&[0x06, 3, 0x2b]), None);
        assert!(end_point(b"no certificate").is_err());
    }

    #[test]
    fn pss_names_its_hash_among_its_parameters() {
        let oid = [&[0x06, 9][..], PSS].concat();
        let named = |hash: &[u8]| {
            let identifier = [&[0x30, 2 + hash.len() as u8, 0x06, hash.len() as u8], hash].concat();
            let explicit = [&[0xa0, identifier.len() as u8], &identifier[..]].concat();
            [&oid[..], &[0x30, explicit.len() as u8], &explicit].concat()
        };
        for (known, hash) in HASHES {
            assert_eq!(hash_of(&named(known)), Some(*hash));
        }
        assert_eq!(hash_of(&named(&[0x2a, 3])), None);
        assert_eq!(hash_of(&oid), Some(Hash::Sha256), "SHA-1 by default");
        assert_eq!(hash_of(&[&oid[..], &[0x30, 0]].concat()), Some(Hash::Sha256), "SHA-1 by default");
    }
}
