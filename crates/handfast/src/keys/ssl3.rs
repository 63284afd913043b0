//! SSL 3.0's own ways to make keys and to sum up a handshake: MD5 and SHA-1, each within the other or within itself, with pads
//! (RFC 6101 6, 5.6.8, 5.6.9). What would be HMAC and a PRF a few years later.

use super::Transcript;
use crate::crypto::{Digest, HashAlgorithm, Provider};
use zeroize::Zeroizing;

/// The bytes of MD5 in a hash of both.
const MD5: usize = 16;
/// How long pads are: for MD5, for SHA-1.
const PADS: [usize; 2] = [48, 40];

/// MD5 and SHA-1 of these parts, which are secret, and so are they.
fn both(provider: &dyn Provider, parts: &[&[u8]]) -> Zeroizing<[u8; 36]> {
    let mut hash = provider.hash(HashAlgorithm::Md5Sha1);
    parts.iter().for_each(|part| hash.update(part));
    let mut out = Zeroizing::new([0; 36]);
    hash.current_into(&mut *out);
    out
}

/// Fills `out`, at most 416 bytes: MD5(secret + SHA('A' + secret + seed)) + MD5(secret + SHA('BB' + secret + seed)) and so on.
pub(super) fn derive(provider: &dyn Provider, secret: &[u8], seed: &[&[u8]], out: &mut [u8]) {
    let seed = seed.concat();
    for (letter, part) in (b'A'..=b'Z').zip(out.chunks_mut(MD5)) {
        let label = vec![letter; usize::from(letter - b'A') + 1];
        let sha1 = both(provider, &[&label, secret, &seed]);
        let md5 = both(provider, &[secret, &sha1[MD5..]]);
        part.iter_mut().zip(&md5[..MD5]).for_each(|(to, from)| *to = *from);
    }
}

/// Hash(master + pad2 + Hash(messages + sender + master + pad1)), for MD5 and for SHA-1. The transcript's own hash is both.
pub(super) fn over(provider: &dyn Provider, master: &[u8], sender: &[u8], transcript: &Transcript) -> Digest {
    let halves = PADS.map(|pad| {
        let inner = transcript.secret_hash_with(&[sender, master, &[0x36; 48][..pad]]);
        let inner = if pad == PADS[0] { &inner[..MD5] } else { &inner[MD5..] };
        let outer = both(provider, &[master, &[0x5c; 48][..pad], inner]);
        if pad == PADS[0] { outer[..MD5].to_vec() } else { outer[MD5..].to_vec() }
    });
    Digest::of(&halves.concat())
}

#[cfg(test)]
mod tests {
    //! The expected values are by Python's hashlib, put together by hand after RFC 6101.
    use super::*;
    use crate::crypto::{Suite, aws_lc};
    use crate::keys::tests::unhex;
    use crate::keys::{Derivation, MasterSecret, Secret};
    use crate::wire::CipherSuite;

    const CLIENT: &[u8; 32] = &[0x0c; 32];
    const SERVER: &[u8; 32] = &[0x05; 32];

    fn master() -> MasterSecret {
        let secret = Secret::copy(&std::array::from_fn::<u8, 48, _>(|n| n as u8));
        MasterSecret::known(&*aws_lc::provider(), Derivation::Ssl3, secret)
    }

    #[test]
    fn master_secret_and_key_block() {
        let provider = aws_lc::provider();
        let made = MasterSecret::new(&*provider, Derivation::Ssl3, &Secret::copy(&[7; 48]), CLIENT, SERVER);
        assert!(made.secret.same(&unhex(concat!(
            "c2a1bcb1ffd8d95e5117726324275161d735cd6a85d6d140106cb67243a64f9d",
            "9fdeeeaf07c661091f3a5e93a33fff69"
        ))));
        let suite = Suite::find(CipherSuite::TLS_RSA_WITH_AES_128_CBC_SHA).unwrap();
        let keys = master().key_block(&*provider, suite, true, CLIENT, SERVER);
        let parts =
            [keys.client_mac, keys.server_mac, keys.client_key, keys.server_key, keys.client_iv, keys.server_iv];
        assert_eq!(
            parts.iter().map(Secret::bytes).collect::<Vec<_>>().concat(),
            unhex(concat!(
                "0c242a33dd41685ec762610486ddde59bb2d7b09d0f7fc0cca387f7b187aea08e2c0c339a760dc3534631892cb2f4928",
                "1d1ce7847a4182cfc5ba49f52988a70c54a02842557a80a5822f810a4ace53291a051f2f51b581608093d53de3f69c0e",
                "d137ec48e17ce028"
            ))
        );
    }

    #[test]
    fn finished_and_certificate_verify() {
        let provider = aws_lc::provider();
        let mut transcript = Transcript::new();
        transcript.absorb(b"a handshake");
        transcript.start(&*provider, HashAlgorithm::Md5Sha1);
        let finished = |client| master().verify_data(&*provider, client, &transcript);
        assert_eq!(
            finished(true)[..],
            unhex("3b09f32ebf34572c1de4ebade6d14401ca9eae4cfae9bbe399996e513ef58f157b43f184")
        );
        assert_eq!(
            finished(false)[..],
            unhex("1342acc9bc23a1aefec9f4ad7e16b8ecb812c90758c96c68e749291d1b9816e66224d01d")
        );
        let signed = master().to_sign_in_ssl3(&*provider, &transcript);
        assert_eq!(signed[..], unhex("bd680c7bcb2d3376fa93f1932e67eb04ef59d338071fc6cee1325e857b5d563c209a05a4"));
    }
}
