//! External pre-shared keys: agreed on by other means than a handshake (RFC 9846 4.3.11, RFC 9258, RFC 4279).
//!
//! A client asks a [`ClientPsks`] what to offer, a server asks a [`ServerPsks`] for the key of an identity; both may answer later.
//! Whoever proves to have the key is authenticated by it, without certificates, in both directions.

use crate::crypto::{HashAlgorithm, Provider};
use crate::error::{Error, ErrorKind};
use crate::extension::ImportedIdentity;
use crate::keys::{PskKind, Secret, import};
use crate::wait::Reply;
use crate::wire::numbers::{Kdf, ProtocolVersion};
use crate::wire::{Opaque, Reader, Wire, Writer};
use rustls_pki_types::ServerName;
use sha2::{Digest, Sha256};
use std::fmt;
use subtle::ConstantTimeEq;

/// A key that both sides have, and the name under which both know it.
#[derive(Clone, Debug)]
pub struct ExternalPsk {
    /// Its name, 1 to 65535 bytes. It goes over the wire in the clear. Up to TLS 1.2 it should be UTF-8 (RFC 4279 5.1), and may be empty.
    pub identity: Vec<u8>,
    /// The key. It has to be as hard to guess as any other: 32 random bytes, say. A password is not.
    pub key: Secret,
    /// The hash that it was made for: SHA-256 if nobody said, or SHA-384. In TLS 1.3 a key belongs to one hash (RFC 9846 4.3.11); before
    /// it, one that is used as it is goes with every suite that takes one.
    pub hash: HashAlgorithm,
    /// How it is used.
    pub usage: PskUsage,
}

/// How an external PSK is used. Both sides must mean the same, and one key must not be used in both ways (RFC 9258 1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PskUsage {
    /// As it is: in TLS 1.3 with suites of its hash only, and up to TLS 1.2, where there is no other way (RFC 9258 3). No harm of using
    /// one key in both is known; who would rather be sure gives each its own (RFC 9846 F.7): one imported, one [`Self::Classic`].
    Plain,
    /// As it is, and up to TLS 1.2 only: for a key that has another for TLS 1.3 beside it.
    Classic,
    /// Imported into TLS 1.3 (RFC 9258): with suites of every hash, and tied to this context, which may be empty. The context goes
    /// over the wire in the clear; where peers have roles or names, these belong into it (RFC 9258 A).
    Imported {
        /// Up to 65535 bytes.
        context: Vec<u8>,
    },
}

impl ExternalPsk {
    /// A key that is imported without a context, and was made for SHA-256.
    pub fn new(identity: impl Into<Vec<u8>>, key: Secret) -> Self {
        let usage = PskUsage::Imported { context: Vec::new() };
        Self { identity: identity.into(), key, hash: HashAlgorithm::Sha256, usage }
    }

    /// The same, to be used as it is.
    pub fn plain(identity: impl Into<Vec<u8>>, key: Secret) -> Self {
        Self { usage: PskUsage::Plain, ..Self::new(identity, key) }
    }

    /// Whether it can be used up to TLS 1.2, with suites of every hash: as it is, since a key is imported for TLS 1.3 only
    /// (RFC 9258 1), and one that fits its place there.
    pub(crate) fn is_classic(&self) -> bool {
        let used_so = matches!(self.usage, PskUsage::Plain | PskUsage::Classic);
        used_so && self.identity.len() <= 0xffff && (1..=0xffff).contains(&self.key.bytes().len())
    }

    /// What of it can be offered with suites of these hashes, of which each stands there once.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] if it has no name or no key, or if any of its parts is too long for its place.
    pub(crate) fn offers(&self, provider: &dyn Provider, hashes: &[HashAlgorithm]) -> Result<Vec<Psk>, Error> {
        let bad = |why: &str| Err(ErrorKind::Config(format!("an external PSK {why}")).into());
        if self.usage == PskUsage::Classic {
            return Ok(Vec::new());
        }
        if kdf(self.hash).is_none() {
            return bad("has a hash that TLS 1.3 has no suite of");
        }
        if !(1..=0xffff).contains(&self.identity.len()) || self.key.bytes().is_empty() {
            return bad("has an identity of 1 to 65535 bytes, and a key that is not empty");
        }
        match &self.usage {
            PskUsage::Plain if hashes.contains(&self.hash) => {
                Ok(vec![self.psk(self.identity.clone(), self.key.clone(), self.hash, PskKind::External)])
            }
            PskUsage::Plain | PskUsage::Classic => Ok(Vec::new()),
            PskUsage::Imported { context } if self.identity.len() + context.len() + 8 > 0xffff => {
                bad("is too long with its context: the two have 65527 bytes together")
            }
            PskUsage::Imported { context } => {
                let each = hashes.iter().filter_map(|hash| {
                    let name = imported_identity(&self.identity, context, kdf(*hash)?);
                    Some(self.imported(provider, name, *hash))
                });
                Ok(each.collect())
            }
        }
    }

    /// What it is under the name that a client used, if it may be used so.
    pub(crate) fn accept(&self, provider: &dyn Provider, wire: &[u8]) -> Option<Psk> {
        kdf(self.hash)?;
        if self.key.bytes().is_empty() {
            return None;
        }
        let name = Name::read(wire);
        match (&self.usage, name.imported) {
            (PskUsage::Plain, None) => Some(self.psk(wire.to_vec(), self.key.clone(), self.hash, PskKind::External)),
            (PskUsage::Imported { context }, Some((theirs, target))) if context == theirs => {
                Some(self.imported(provider, wire.to_vec(), target))
            }
            _ => None,
        }
    }

    fn imported(&self, provider: &dyn Provider, name: Vec<u8>, target: HashAlgorithm) -> Psk {
        let secret = import(provider, self.hash, &self.key, &name, target);
        self.psk(name, secret, target, PskKind::Imported)
    }

    fn psk(&self, wire: Vec<u8>, secret: Secret, hash: HashAlgorithm, kind: PskKind) -> Psk {
        Psk { wire, identity: self.identity.clone(), secret, hash, kind }
    }
}

/// An external PSK as one handshake uses it.
pub(crate) struct Psk {
    /// Its name on the wire.
    pub(crate) wire: Vec<u8>,
    /// Its name.
    pub(crate) identity: Vec<u8>,
    pub(crate) secret: Secret,
    /// Only suites of this hash go with it.
    pub(crate) hash: HashAlgorithm,
    pub(crate) kind: PskKind,
}

/// What a server's session keeps of the external PSK that it goes back to, beside its name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PskMark {
    /// The context, if it was imported.
    pub(crate) context: Option<Vec<u8>>,
    /// Of the key. It is kept where the session's own secret is.
    pub(crate) hash: [u8; 32],
}

impl ExternalPsk {
    /// By what a session will know it again.
    pub(crate) fn mark(&self) -> PskMark {
        let context = match &self.usage {
            PskUsage::Plain | PskUsage::Classic => None,
            PskUsage::Imported { context } => Some(context.clone()),
        };
        let hash = Sha256::new().chain_update(b"handfast: the key of an external PSK").chain_update(self.key.bytes());
        PskMark { context, hash: hash.finalize().into() }
    }
}

impl PskMark {
    /// Whether it is of this key, used in the same way.
    pub(crate) fn is_of(&self, psk: &ExternalPsk) -> bool {
        let other = psk.mark();
        self.context == other.context && bool::from(self.hash.ct_eq(&other.hash))
    }
}

/// A name on the wire, read.
pub(crate) struct Name<'w> {
    /// The name that both sides know.
    pub(crate) identity: &'w [u8],
    /// The context, and the hash that the key was imported for.
    pub(crate) imported: Option<(&'w [u8], HashAlgorithm)>,
}

impl<'w> Name<'w> {
    /// An ImportedIdentity for TLS 1.3, else a name as it is.
    pub(crate) fn read(wire: &'w [u8]) -> Self {
        let plain = Self { identity: wire, imported: None };
        let mut r = Reader::new(wire);
        let Ok(name) = ImportedIdentity::decode(&mut r) else { return plain };
        let target = match name.target_kdf {
            Kdf::HKDF_SHA256 => HashAlgorithm::Sha256,
            Kdf::HKDF_SHA384 => HashAlgorithm::Sha384,
            _ => return plain,
        };
        match name.target_protocol == ProtocolVersion::TLS1_3 && r.is_empty() {
            true => Self { identity: name.external_identity.0, imported: Some((name.context.0, target)) },
            false => plain,
        }
    }
}

/// The KDF of a hash.
fn kdf(hash: HashAlgorithm) -> Option<Kdf> {
    match hash {
        HashAlgorithm::Sha256 => Some(Kdf::HKDF_SHA256),
        HashAlgorithm::Sha384 => Some(Kdf::HKDF_SHA384),
        HashAlgorithm::Md5Sha1 => None,
    }
}

/// The bytes of an ImportedIdentity (RFC 9258 5.1).
fn imported_identity(identity: &[u8], context: &[u8], target_kdf: Kdf) -> Vec<u8> {
    let mut w = Writer::new();
    let (external_identity, context) = (Opaque(identity), Opaque(context));
    ImportedIdentity { external_identity, context, target_protocol: ProtocolVersion::TLS1_3, target_kdf }
        .encode(&mut w);
    w.into_bytes()
}

/// A client's external PSKs.
pub trait ClientPsks: Send + Sync + fmt::Debug {
    /// Those to be offered to this server, best first; none if there is none. It is asked without a hint before the ClientHello, which
    /// offers the keys in TLS 1.3, and up to TLS 1.2 the suites that take one if there is a key at all that is used as it is: the
    /// first of them is used. A server of TLS 1.2 or older may give a `hint` (RFC 4279 5.2): then it is asked again, and the first of the
    /// answer is used. Who has agreed on no hints with the server must ignore it.
    fn offer(&self, server: &ServerName<'_>, hint: Option<&[u8]>) -> Reply<Vec<ExternalPsk>>;
}

/// A server's external PSKs.
pub trait ServerPsks: Send + Sync + fmt::Debug {
    /// The one of this name; `None` if there is none. That takes as long, whatever the answer: who could measure a difference would
    /// learn which names there are. It is asked when a client offers the name, and again when a session that goes back to it is resumed:
    /// a name that is gone, or has another key, ends its sessions. With a context, the client has imported it, and a key with another context, or
    /// one to be used as it is, is none; without, it uses it as it is.
    fn find(&self, identity: &[u8], context: Option<&[u8]>) -> Reply<Option<ExternalPsk>>;
}

/// All of them, to every server.
impl ClientPsks for Vec<ExternalPsk> {
    fn offer(&self, _: &ServerName<'_>, _: Option<&[u8]>) -> Reply<Vec<ExternalPsk>> {
        Reply::Now(self.clone())
    }
}

impl ServerPsks for Vec<ExternalPsk> {
    fn find(&self, identity: &[u8], context: Option<&[u8]>) -> Reply<Option<ExternalPsk>> {
        let used_so = |psk: &&ExternalPsk| match (&psk.usage, context) {
            (PskUsage::Plain | PskUsage::Classic, None) => true,
            (PskUsage::Imported { context }, Some(theirs)) => context == theirs,
            _ => false,
        };
        Reply::Now(self.iter().filter(|psk| psk.identity == identity).find(used_so).cloned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::aws_lc;

    const BOTH: [HashAlgorithm; 2] = [HashAlgorithm::Sha256, HashAlgorithm::Sha384];

    fn key() -> Secret {
        Secret::copy(&[7; 32])
    }

    #[test]
    fn an_imported_key_has_a_name_for_each_hash_and_is_found_by_each() {
        let provider = aws_lc::provider();
        let mut psk = ExternalPsk::new("me", key());
        psk.usage = PskUsage::Imported { context: b"ctx".to_vec() };
        let offers = psk.offers(&*provider, &BOTH).unwrap();
        assert_eq!(offers[0].wire, b"\0\x02me\0\x03ctx\x03\x04\0\x01");
        assert_eq!(offers[1].wire, b"\0\x02me\0\x03ctx\x03\x04\0\x02");
        assert_eq!(offers.iter().map(|o| o.secret.bytes().len()).collect::<Vec<_>>(), [32, 48]);
        for offer in &offers {
            let name = Name::read(&offer.wire);
            assert_eq!((name.identity, name.imported), (&b"me"[..], Some((&b"ctx"[..], offer.hash))));
            let found = psk.accept(&*provider, &offer.wire).unwrap();
            assert!(found.secret.same(offer.secret.bytes()) && found.hash == offer.hash);
            let other = ExternalPsk::new("me", key());
            assert!(other.accept(&*provider, &offer.wire).is_none(), "another context");
            assert!(ExternalPsk::plain("me", key()).accept(&*provider, &offer.wire).is_none(), "not imported");
        }
        assert!(psk.accept(&*provider, b"me").is_none(), "not as it is");
        let one = psk.offers(&*provider, &BOTH[1..]).unwrap();
        assert_eq!(one.len(), 1);
    }

    #[test]
    fn a_plain_key_goes_with_its_own_hash_only() {
        let provider = aws_lc::provider();
        let mut psk = ExternalPsk::plain("me", key());
        assert_eq!(psk.offers(&*provider, &BOTH).unwrap().len(), 1);
        assert!(psk.offers(&*provider, &BOTH[1..]).unwrap().is_empty());
        psk.hash = HashAlgorithm::Sha384;
        assert_eq!(psk.offers(&*provider, &BOTH[1..]).unwrap()[0].hash, HashAlgorithm::Sha384);
        assert!(psk.accept(&*provider, b"me").unwrap().secret.same(&[7; 32]));
    }

    #[test]
    fn what_is_no_imported_identity_is_a_plain_one() {
        for wire in [
            &b"me"[..],
            b"\0\x02me\0\0\x03\x04\0\x03",
            b"\0\x02me\0\0\x03\x03\0\x01",
            b"\0\x02me\0\0\xfe\xfc\0\x01",
            b"\0\x02me\0\0\x03\x04\0\x01more",
            b"\0\0\0\0\x03\x04\0\x01",
        ] {
            let name = Name::read(wire);
            assert!(name.imported.is_none() && name.identity == wire);
        }
    }

    #[test]
    fn keys_that_cannot_be_used_are_refused() {
        let provider = aws_lc::provider();
        let refused = |psk: &ExternalPsk| psk.offers(&*provider, &BOTH).is_err();
        let good = ExternalPsk::new("me", key());
        assert!(!refused(&good));
        assert!(refused(&ExternalPsk::new("", key())) && refused(&ExternalPsk::new("me", Secret::copy(&[]))));
        assert!(refused(&ExternalPsk::plain(vec![1; 0x10000], key())));
        let context = vec![1; 0xffff - 9];
        assert!(refused(&ExternalPsk { usage: PskUsage::Imported { context }, ..good.clone() }));
        let legacy = ExternalPsk { hash: HashAlgorithm::Md5Sha1, ..good };
        assert!(refused(&legacy) && legacy.accept(&*provider, b"me").is_none());
    }
}
