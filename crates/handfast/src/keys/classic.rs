//! TLS 1.2 and older: master secret, key block, Finished (RFC 5246 8.1, 6.3, 7.4.9; RFC 7627). What SSL 3.0 has instead of a PRF is
//! [`super::ssl3`].

use super::prf::Prf;
use super::{Secret, Transcript, made, ssl3};
use crate::crypto::{BulkCipher, Digest, HashAlgorithm, Provider, Suite};

/// How secrets are made of secrets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Derivation {
    /// By the PRF of TLS over this hash (RFC 5246 5, RFC 2246 5).
    Prf(HashAlgorithm),
    /// By what came before it (RFC 6101 6).
    Ssl3,
}

/// The master secret, 48 bytes, and what derives from it.
pub(crate) struct MasterSecret {
    pub(crate) secret: Secret,
    /// The PRF that has taken it in. SSL 3.0 has none.
    prf: Option<Prf>,
}

/// The keys of both directions.
pub(crate) struct KeyBlock {
    pub(crate) client_mac: Secret,
    pub(crate) server_mac: Secret,
    pub(crate) client_key: Secret,
    pub(crate) server_key: Secret,
    /// Fixed part of an AEAD's nonce; the IV of CBC under implicit IVs; else empty.
    pub(crate) client_iv: Secret,
    pub(crate) server_iv: Secret,
}

impl KeyBlock {
    /// The lengths of the parts, in the order of [`made::SLICES`].
    pub(crate) fn lengths(&self) -> [usize; 6] {
        let Self { client_mac, server_mac, client_key, server_key, client_iv, server_iv } = self;
        [client_mac, server_mac, client_key, server_key, client_iv, server_iv].map(|part| part.bytes().len())
    }
}

impl BulkCipher {
    /// How many bytes of the key block are each side's MAC key, key and IV.
    pub(crate) fn key_sizes(self, implicit_iv: bool) -> [usize; 3] {
        let mac = self.mac().map_or(0, |mac| mac.len());
        match self {
            Self::Aead(aead) => [mac, aead.key_len(), aead.fixed_iv_len()],
            Self::Cbc(cipher, _) => [mac, cipher.key_len(), if implicit_iv { cipher.block_len() } else { 0 }],
            Self::Rc4(_) => [mac, 16, 0],
            Self::Null(_) => [mac, 0, 0],
        }
    }
}

impl MasterSecret {
    /// Of these bytes: a session's, or those that were just made.
    pub(crate) fn known(provider: &dyn Provider, derivation: Derivation, secret: Secret) -> Self {
        let prf = match derivation {
            Derivation::Prf(hash) => Some(Prf::new(provider, hash, secret.bytes())),
            Derivation::Ssl3 => None,
        };
        Self { secret, prf }
    }

    /// From a premaster secret and both randoms (RFC 5246 8.1).
    pub(crate) fn new(
        provider: &dyn Provider,
        derivation: Derivation,
        premaster: &Secret,
        client_random: &[u8; 32],
        server_random: &[u8; 32],
    ) -> Self {
        let seed: &[&[u8]] = &[client_random, server_random];
        match derivation {
            Derivation::Prf(hash) => Self::by_prf(provider, hash, premaster, made::MASTER.label(), seed),
            Derivation::Ssl3 => {
                let secret = Secret::filled(48, |out| ssl3::derive(provider, premaster.bytes(), seed, out));
                Self::known(provider, derivation, secret)
            }
        }
    }

    /// From a premaster secret and the hash of the handshake up to ClientKeyExchange (RFC 7627 4).
    pub(crate) fn extended(
        provider: &dyn Provider,
        hash: HashAlgorithm,
        premaster: &Secret,
        session_hash: &Digest,
    ) -> Self {
        Self::by_prf(provider, hash, premaster, made::EXTENDED_MASTER.label(), &[session_hash])
    }

    fn by_prf(provider: &dyn Provider, hash: HashAlgorithm, premaster: &Secret, label: &[u8], seed: &[&[u8]]) -> Self {
        let premaster = Prf::new(provider, hash, premaster.bytes());
        let secret = Secret::filled(48, |out| premaster.fill(label, seed, out));
        Self::known(provider, Derivation::Prf(hash), secret)
    }

    /// Cuts the key block (RFC 5246 6.3).
    pub(crate) fn key_block(
        &self,
        provider: &dyn Provider,
        suite: &Suite,
        implicit_iv: bool,
        client_random: &[u8; 32],
        server_random: &[u8; 32],
    ) -> KeyBlock {
        let [mac, key, iv] = suite.bulk.key_sizes(implicit_iv);
        let seed: &[&[u8]] = &[server_random, client_random];
        let block = Secret::filled(2 * (mac + key + iv), |out| match &self.prf {
            Some(prf) => prf.fill(made::KEY_BLOCK.label(), seed, out),
            None => ssl3::derive(provider, self.secret.bytes(), seed, out),
        });
        let mut rest = block.bytes();
        let mut cut = |len| {
            let (part, after) = rest.split_at(len);
            rest = after;
            Secret::copy(part)
        };
        KeyBlock {
            client_mac: cut(mac),
            server_mac: cut(mac),
            client_key: cut(key),
            server_key: cut(key),
            client_iv: cut(iv),
            server_iv: cut(iv),
        }
    }

    /// What stands in a Finished over these messages: 12 bytes (RFC 5246 7.4.9), in SSL 3.0 36 (RFC 6101 5.6.9).
    pub(crate) fn verify_data(&self, provider: &dyn Provider, client: bool, transcript: &Transcript) -> Digest {
        let Some(prf) = &self.prf else {
            let sender = if client { b"CLNT" } else { b"SRVR" };
            return ssl3::over(provider, self.secret.bytes(), sender, transcript);
        };
        let label: &[u8] = if client { b"client finished" } else { b"server finished" };
        let mut out = [0; 12];
        prf.fill(label, &[&transcript.hash()], &mut out);
        Digest::of(&out)
    }

    /// What a CertificateVerify of SSL 3.0 signs: MD5 and SHA-1 over these messages and the master secret (RFC 6101 5.6.8).
    pub(crate) fn to_sign_in_ssl3(&self, provider: &dyn Provider, transcript: &Transcript) -> Digest {
        ssl3::over(provider, self.secret.bytes(), b"", transcript)
    }
}

/// An exporter's output, from the master secret (RFC 5705 4). A context has at most 65,535 bytes; what is beyond them does not count.
pub(crate) fn export(
    provider: &dyn Provider,
    hash: HashAlgorithm,
    master: &Secret,
    (client_random, server_random): (&[u8; 32], &[u8; 32]),
    label: &[u8],
    context: Option<&[u8]>,
    out: &mut [u8],
) {
    let context = context.map(|c| &c[..c.len().min(0xffff)]);
    let length = context.map(|c| (c.len() as u16).to_be_bytes());
    let length = length.as_ref().map_or(&[][..], |l| l);
    let seed: &[&[u8]] = &[client_random, server_random, length, context.unwrap_or_default()];
    Prf::new(provider, hash, master.bytes()).fill(label, seed, out);
}

#[cfg(test)]
mod tests {
    //! The expected values are by `openssl kdf ... TLS1-PRF`, with label and seed put together by hand.
    use super::*;
    use crate::crypto::aws_lc;
    use crate::keys::tests::unhex;
    use crate::wire::CipherSuite;

    const CLIENT: &[u8; 32] = &[0x0c; 32];
    const SERVER: &[u8; 32] = &[0x05; 32];
    const SHA256: HashAlgorithm = HashAlgorithm::Sha256;

    fn bytes() -> Secret {
        Secret::copy(&std::array::from_fn::<u8, 48, _>(|n| n as u8))
    }

    fn master(hash: HashAlgorithm) -> MasterSecret {
        MasterSecret::known(&*aws_lc::provider(), Derivation::Prf(hash), bytes())
    }

    #[test]
    fn master_secrets() {
        let (provider, premaster) = (aws_lc::provider(), Secret::copy(&[7; 32]));
        let plain = |hash| MasterSecret::new(&*provider, Derivation::Prf(hash), &premaster, CLIENT, SERVER).secret;
        assert!(plain(SHA256).same(&unhex(
            "12fd153309e039d7e8f528f87135dcb4891dfec379b82def92288d57e8dee2173f3882ff6ab6efac79c8c1c2b2912d4b"
        )));
        assert!(plain(HashAlgorithm::Md5Sha1).same(&unhex(
            "c4ef70a885b609a5b1a95824c5b09fa5ee989154a02aa7e2ae026694e7e66eb6ec087d8f2ccda165afc073cab8d48e56"
        )));
        let extended = MasterSecret::extended(&*provider, SHA256, &premaster, &Digest::of(&[0x48; 32])).secret;
        assert!(extended.same(&unhex(
            "c279d5b5757275feda217f02892a0a543f647277b2fcf208c07e14bb0b54cb9c852bd04e5434f4fb4ee708867cff2935"
        )));
    }

    /// Checks that the parts, in the order of RFC 5246 6.3, are the whole block, and that each has its size.
    fn cuts(suite: CipherSuite, hash: HashAlgorithm, implicit_iv: bool, sizes: [usize; 3], block: &str) {
        let suite = Suite::find(suite).unwrap();
        let keys = master(hash).key_block(&*aws_lc::provider(), suite, implicit_iv, CLIENT, SERVER);
        let KeyBlock { client_mac, server_mac, client_key, server_key, client_iv, server_iv } = keys;
        let parts = [client_mac, server_mac, client_key, server_key, client_iv, server_iv];
        let lengths = parts.each_ref().map(|p| p.bytes().len());
        assert_eq!(lengths, [sizes[0], sizes[0], sizes[1], sizes[1], sizes[2], sizes[2]]);
        assert_eq!(parts.iter().map(Secret::bytes).collect::<Vec<_>>().concat(), unhex(block));
    }

    #[test]
    fn key_blocks() {
        const SHA256_BLOCK: &str = concat!(
            "2788e5124235e328dc1f37aeb3a8392ca18cad567f46e239e70ed4793d08017e767a5f45cc9977c405b31fd4048bc3ee",
            "4c5e16d09df3dc2fcf894f69d202a0385875dca898a59bd587f9d04ca3081b2d06228a6241a59eb801960ee6c5410326",
            "44d5fbaf7dbb05ba"
        );
        const CBC_SHA: CipherSuite = CipherSuite::TLS_RSA_WITH_AES_128_CBC_SHA;
        cuts(CBC_SHA, SHA256, true, [20, 16, 16], SHA256_BLOCK);
        cuts(CBC_SHA, SHA256, false, [20, 16, 0], &SHA256_BLOCK[..144]);
        cuts(CipherSuite::TLS_RSA_WITH_AES_256_CBC_SHA, SHA256, false, [20, 32, 0], &SHA256_BLOCK[..208]);
        cuts(CipherSuite::TLS_RSA_WITH_AES_128_GCM_SHA256, SHA256, false, [0, 16, 4], &SHA256_BLOCK[..80]);
        let chacha = CipherSuite::TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256;
        cuts(chacha, SHA256, false, [0, 32, 12], &SHA256_BLOCK[..176]);
        let old = concat!(
            "3587c288ab5de1dc0f04b8b1c0c2a63b67b0014580eebbd078956be4352017971220567c49b0e8ac188bf25d7440192c",
            "e33ae0623e4b0efe7d2f13d551bb65812aebb55a253488607034ddd366cfc8968b75b5febabd4d458eb8f9800518f49c",
            "586958f82085b34e"
        );
        cuts(CBC_SHA, HashAlgorithm::Md5Sha1, true, [20, 16, 16], old);
        let sha384 = concat!(
            "048a6ea51dce49d36b4297fa72070bfeb652470d9079e229a410b8f88170772825b92c9bb8134fd3fb6e42c700a73838",
            "c39b0a4e35555520d5c93882d5d98480828dc2b34a6078a5"
        );
        cuts(CipherSuite::TLS_RSA_WITH_AES_256_GCM_SHA384, HashAlgorithm::Sha384, false, [0, 32, 4], sha384);
    }

    #[test]
    fn finished_and_exporters() {
        let provider = aws_lc::provider();
        let mut transcript = Transcript::new();
        transcript.absorb(b"a handshake");
        transcript.start(&*provider, SHA256);
        let master = master(SHA256);
        let finished = |client| master.verify_data(&*provider, client, &transcript);
        assert_eq!(finished(true)[..], unhex("4b62d88c0931e331e8514cf2"));
        assert_eq!(finished(false)[..], unhex("07f3abb81646462c11b3ac01"));
        // No context differs from an empty one (RFC 5705 4).
        for (context, expected) in [
            (None, "c3c981fe327348df43ce51a8a683bf44fbadfa41"),
            (Some(&b""[..]), "639340f2bdf032b1c0a3b691b6edea17a7cc5cde"),
            (Some(b"abc"), "69d6f83722a6a2da78ede91a7e08f65593c9c9a1"),
        ] {
            let mut out = [0; 20];
            export(&*provider, SHA256, &bytes(), (CLIENT, SERVER), b"EXPORTER-handfast", context, &mut out);
            assert_eq!(out[..], unhex(expected));
        }
    }
}
