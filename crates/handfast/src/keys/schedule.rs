//! TLS 1.3's key schedule (RFC 9846 7.1), a type for each of its stages: one is used up in making the next.
//!
//! A stage holds its secret as a MAC state that has taken it in, since a state is all that is asked of it.

use super::Secret;
use super::hkdf::{derive, expand_label, extract};
use super::made::{self, Made};
use crate::crypto::{Aead, AeadAlgorithm, Digest, Failure, HashAlgorithm, Hmac, Provider};
use std::sync::Arc;

/// As many zeros as the longest hash has bytes.
const ZEROS: [u8; 48] = [0; 48];

/// A stage's secret.
pub(crate) struct Stage {
    provider: Arc<dyn Provider>,
    hash: HashAlgorithm,
    secret: Box<dyn Hmac>,
}

impl Stage {
    fn traffic(&self, made: &'static Made, transcript: &Digest) -> TrafficSecret {
        TrafficSecret { hash: self.hash, made, secret: derive(&*self.secret, self.hash, made.label(), transcript) }
    }

    /// The stage that `salt`, a "derived" secret of the one before, and something new make.
    fn new(provider: Arc<dyn Provider>, hash: HashAlgorithm, salt: &[u8], ikm: Option<&Secret>) -> Self {
        let secret = extract(&*provider, hash, salt, ikm.map_or(&ZEROS[..hash.len()], Secret::bytes));
        Self { provider, hash, secret }
    }

    /// The next stage.
    fn next(&self, salt: &Made, ikm: Option<&Secret>) -> Self {
        let salt = derive(&*self.secret, self.hash, salt.label(), empty_hash(self.hash));
        Self::new(self.provider.clone(), self.hash, salt.bytes(), ikm)
    }
}

/// Early Secret.
pub(crate) enum EarlySecret {
    /// With a PSK.
    Psk(Stage),
    /// Without: what follows from it is the same for every connection, and known (see [`derived_from_nothing`]).
    None(Arc<dyn Provider>, HashAlgorithm),
}

/// Where a PSK comes from: it cannot pass for one from elsewhere (RFC 9846 7.1, RFC 9258 5.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PskKind {
    /// From an earlier handshake.
    Resumption,
    /// Agreed on by other means, and used as it is.
    External,
    /// Agreed on by other means, and imported.
    Imported,
}

/// The secrets of early data.
pub(crate) struct EarlyTraffic {
    pub(crate) client: TrafficSecret,
    pub(crate) exporter: Secret,
}

/// Handshake Secret, and the two traffic secrets under it.
pub(crate) struct HandshakeSecrets {
    pub(crate) client: TrafficSecret,
    pub(crate) server: TrafficSecret,
    stage: Stage,
}

/// Master Secret.
pub(crate) struct MasterOf13(Stage);

/// The application's traffic secrets, and the exporter's.
pub(crate) struct ApplicationSecrets {
    pub(crate) client: TrafficSecret,
    pub(crate) server: TrafficSecret,
    pub(crate) exporter: Secret,
}

/// A traffic secret: of one direction, of one epoch.
#[derive(Clone, Debug)]
pub(crate) struct TrafficSecret {
    pub(crate) hash: HashAlgorithm,
    /// How it is made, and what it is called.
    pub(crate) made: &'static Made,
    pub(crate) secret: Secret,
}

impl EarlySecret {
    pub(crate) fn new(provider: Arc<dyn Provider>, hash: HashAlgorithm, psk: Option<&Secret>) -> Self {
        match psk {
            Some(_) => Self::Psk(Stage::new(provider, hash, &ZEROS[..hash.len()], psk)),
            None => Self::None(provider, hash),
        }
    }

    /// The binder of a PSK over a truncated ClientHello (RFC 9846 4.3.11.2). Without a PSK, which has none, that of zeros.
    pub(crate) fn binder(&self, kind: PskKind, truncated: &Digest) -> Digest {
        let zeros;
        let stage = match self {
            Self::Psk(stage) => stage,
            Self::None(provider, hash) => {
                zeros = Stage::new(provider.clone(), *hash, &ZEROS[..hash.len()], None);
                &zeros
            }
        };
        let secret = derive(&*stage.secret, stage.hash, kind.binder().label(), empty_hash(stage.hash));
        verify_data(&*stage.provider, stage.hash, &secret, truncated)
    }

    /// What early data goes under; `hello` is the transcript of the ClientHello alone. There is none without a PSK.
    pub(crate) fn early(&self, hello: &Digest) -> EarlyTraffic {
        let of = |stage: &Stage| EarlyTraffic {
            client: stage.traffic(&made::CLIENT_EARLY, hello),
            exporter: stage.traffic(&made::EARLY_EXPORTER, hello).secret,
        };
        match self {
            Self::Psk(stage) => of(stage),
            Self::None(provider, hash) => of(&Stage::new(provider.clone(), *hash, &ZEROS[..hash.len()], None)),
        }
    }

    /// `hello` is the transcript up to ServerHello.
    pub(crate) fn handshake(self, shared: Option<&Secret>, hello: &Digest) -> HandshakeSecrets {
        let stage = match self {
            Self::Psk(stage) => stage.next(&made::EARLY_DERIVED, shared),
            Self::None(provider, hash) => Stage::new(provider, hash, derived_from_nothing(hash), shared),
        };
        HandshakeSecrets {
            client: stage.traffic(&made::CLIENT_HANDSHAKE, hello),
            server: stage.traffic(&made::SERVER_HANDSHAKE, hello),
            stage,
        }
    }
}

impl HandshakeSecrets {
    /// On to the master secret.
    pub(crate) fn master(&self) -> MasterOf13 {
        MasterOf13(self.stage.next(&made::HANDSHAKE_DERIVED, None))
    }
}

impl MasterOf13 {
    /// `finished` is the transcript up to the server's Finished.
    pub(crate) fn application(&self, finished: &Digest) -> ApplicationSecrets {
        ApplicationSecrets {
            client: self.0.traffic(&made::CLIENT_APPLICATION, finished),
            server: self.0.traffic(&made::SERVER_APPLICATION, finished),
            exporter: self.0.traffic(&made::EXPORTER, finished).secret,
        }
    }

    /// The resumption master secret; `finished` is the transcript up to the client's Finished.
    pub(crate) fn resumption(self, finished: &Digest) -> TrafficSecret {
        self.0.traffic(&made::RESUMPTION, finished)
    }
}

impl TrafficSecret {
    /// The verify_data of a Finished made under this secret (RFC 9846 4.5.3).
    pub(crate) fn verify_data(&self, provider: &dyn Provider, transcript: &Digest) -> Digest {
        verify_data(provider, self.hash, &self.secret, transcript)
    }

    /// Key and IV for records (RFC 9846 7.3).
    pub(crate) fn keys(
        &self,
        provider: &dyn Provider,
        aead: AeadAlgorithm,
    ) -> Result<(Box<dyn Aead>, [u8; 12]), Failure> {
        let state = provider.hmac(self.hash, self.secret.bytes());
        let key = Secret::filled(aead.key_len(), |out| {
            expand_label(&*state, self.hash, made::CLIENT_KEYS.key.label(), &[], out)
        });
        let mut iv = [0; 12];
        expand_label(&*state, self.hash, made::CLIENT_KEYS.iv.label(), &[], &mut iv);
        Ok((provider.aead(aead, key.bytes())?, iv))
    }

    /// The secret after a KeyUpdate (RFC 9846 7.2).
    pub(crate) fn next(&self, provider: &dyn Provider) -> Self {
        Self { secret: self.derive(provider, made::UPDATE.as_bytes(), &[]), ..*self }
    }

    /// Of a resumption master secret: the PSK of a ticket (RFC 9846 4.7.1).
    pub(crate) fn ticket_psk(&self, provider: &dyn Provider, nonce: &[u8]) -> Secret {
        self.derive(provider, made::TICKET_PSK.label(), nonce)
    }

    fn derive(&self, provider: &dyn Provider, label: &[u8], context: &[u8]) -> Secret {
        derive(&*provider.hmac(self.hash, self.secret.bytes()), self.hash, label, context)
    }
}

fn verify_data(provider: &dyn Provider, hash: HashAlgorithm, base: &Secret, transcript: &Digest) -> Digest {
    let base = provider.hmac(hash, base.bytes());
    let finished_key = derive(&*base, hash, made::FINISHED_KEY.label(), &[]);
    let mut out = [0; 48];
    let out = &mut out[..hash.len()];
    provider.hmac(hash, finished_key.bytes()).sign(&[transcript], out);
    Digest::of(out)
}

/// An external PSK, which is tied to `hash`, imported under this ImportedIdentity for suites of the hash `target`
/// (RFC 9258 5.1).
pub(crate) fn import(
    provider: &dyn Provider,
    hash: HashAlgorithm,
    epsk: &Secret,
    imported_identity: &[u8],
    target: HashAlgorithm,
) -> Secret {
    let epskx = extract(provider, hash, &ZEROS[..hash.len()], epsk.bytes());
    let mut hasher = provider.hash(hash);
    hasher.update(imported_identity);
    Secret::filled(target.len(), |out| expand_label(&*epskx, hash, b"derived psk", &hasher.current(), out))
}

/// An exporter's output (RFC 9846 7.5).
pub(crate) fn export(
    provider: &dyn Provider,
    hash: HashAlgorithm,
    exporter: &Secret,
    label: &[u8],
    context: &[u8],
    out: &mut [u8],
) {
    let secret = derive(&*provider.hmac(hash, exporter.bytes()), hash, label, empty_hash(hash));
    let mut hasher = provider.hash(hash);
    hasher.update(context);
    let secret = provider.hmac(hash, secret.bytes());
    expand_label(&*secret, hash, b"exporter", &hasher.current(), out);
}

/// The hash of nothing, which Derive-Secret takes for "". TLS 1.3 has no suite with MD5 and SHA-1.
pub(super) const fn empty_hash(hash: HashAlgorithm) -> &'static [u8] {
    match hash {
        HashAlgorithm::Sha384 => &[
            0x38, 0xb0, 0x60, 0xa7, 0x51, 0xac, 0x96, 0x38, 0x4c, 0xd9, 0x32, 0x7e, 0xb1, 0xb1, 0xe3, 0x6a, 0x21, 0xfd,
            0xb7, 0x11, 0x14, 0xbe, 0x07, 0x43, 0x4c, 0x0c, 0xc7, 0xbf, 0x63, 0xf6, 0xe1, 0xda, 0x27, 0x4e, 0xde, 0xbf,
            0xe7, 0x6f, 0x65, 0xfb, 0xd5, 0x1a, 0xd2, 0xf1, 0x48, 0x98, 0xb9, 0x5b,
        ],
        HashAlgorithm::Sha256 | HashAlgorithm::Md5Sha1 => &[
            0xe3, 0xb0, 0xc4, 0x42, 0x98, 0xfc, 0x1c, 0x14, 0x9a, 0xfb, 0xf4, 0xc8, 0x99, 0x6f, 0xb9, 0x24, 0x27, 0xae,
            0x41, 0xe4, 0x64, 0x9b, 0x93, 0x4c, 0xa4, 0x95, 0x99, 0x1b, 0x78, 0x52, 0xb8, 0x55,
        ],
    }
}

/// The "derived" secret of an Early Secret without a PSK, which is a constant.
pub(super) const fn derived_from_nothing(hash: HashAlgorithm) -> &'static [u8] {
    match hash {
        HashAlgorithm::Sha384 => &[
            0x15, 0x91, 0xda, 0xc5, 0xcb, 0xbf, 0x03, 0x30, 0xa4, 0xa8, 0x4d, 0xe9, 0xc7, 0x53, 0x33, 0x0e, 0x92, 0xd0,
            0x1f, 0x0a, 0x88, 0x21, 0x4b, 0x44, 0x64, 0x97, 0x2f, 0xd6, 0x68, 0x04, 0x9e, 0x93, 0xe5, 0x2f, 0x2b, 0x16,
            0xfa, 0xd9, 0x22, 0xfd, 0xc0, 0x58, 0x44, 0x78, 0x42, 0x8f, 0x28, 0x2b,
        ],
        HashAlgorithm::Sha256 | HashAlgorithm::Md5Sha1 => &[
            0x6f, 0x26, 0x15, 0xa1, 0x08, 0xc7, 0x02, 0xc5, 0x67, 0x8f, 0x54, 0xfc, 0x9d, 0xba, 0xb6, 0x97, 0x16, 0xc0,
            0x76, 0x18, 0x9c, 0x48, 0x25, 0x0c, 0xeb, 0xea, 0xc3, 0x57, 0x6c, 0x36, 0x11, 0xba,
        ],
    }
}
