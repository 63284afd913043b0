//! Certificate compression (RFC 8879): in TLS 1.3 either side's Certificate goes smaller, if the other side can undo it.
//!
//! Off by default. Chains of RSA certificates shrink by a third to a half, and may fit into one flight where they did not;
//! short ECDSA chains gain little, and undoing the compression costs the receiver more than reading the bytes.
//!
//! ```
//! use handfast::compression::{Brotli, Compression, Zlib};
//! use handfast::{ClientConfig, Policy, verify::NotChecked};
//! use std::sync::Arc;
//!
//! let mut config = ClientConfig::new(Policy::default(), Arc::new(NotChecked));
//! config.certificate_compression = Some(Arc::new(Compression::new([Arc::new(Brotli) as _, Arc::new(Zlib) as _])));
//! ```

use crate::bounded::Bounded;
use crate::crypto::Failure;
use crate::error::{Error, ErrorKind, Limit, illegal};
use crate::message::CompressedCertificate;
use crate::wire::List;
use crate::wire::numbers::CertificateCompressionAlgorithm;
use aws_lc_rs::digest::{SHA256, digest};
use brotli::enc::{BrotliEncoderParams, StandardAlloc};
use brotli::{BrotliCompress, BrotliDecompressStream, BrotliResult, BrotliState};
use miniz_oxide::deflate::compress_to_vec_zlib;
use miniz_oxide::inflate::TINFLStatus;
use miniz_oxide::inflate::core::{DecompressorOxide, decompress, inflate_flags};
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

/// A way to compress: [`Zlib`], [`Brotli`], or the user's own, say with a dictionary.
pub trait Algorithm: Send + Sync + fmt::Debug {
    /// Its number.
    fn number(&self) -> CertificateCompressionAlgorithm;
    /// Makes a Certificate, its header apart, smaller. `None`: it shall be sent as it is.
    fn compress(&self, certificate: &[u8]) -> Option<Vec<u8>>;
    /// Undoes it. All of `compressed` must be used up, and `certificate` be filled to its end.
    ///
    /// # Errors
    /// [`Failure`] in every other case.
    fn decompress(&self, compressed: &[u8], certificate: &mut [u8]) -> Result<(), Failure>;
}

/// ZLIB (RFC 1950).
#[derive(Clone, Copy, Debug, Default)]
pub struct Zlib;

impl Algorithm for Zlib {
    fn number(&self) -> CertificateCompressionAlgorithm {
        CertificateCompressionAlgorithm::ZLIB
    }

    fn compress(&self, certificate: &[u8]) -> Option<Vec<u8>> {
        /// The best there is: it is done once.
        const LEVEL: u8 = 10;
        Some(compress_to_vec_zlib(certificate, LEVEL)).filter(|out| out.len() < certificate.len())
    }

    fn decompress(&self, compressed: &[u8], certificate: &mut [u8]) -> Result<(), Failure> {
        let flags =
            inflate_flags::TINFL_FLAG_PARSE_ZLIB_HEADER | inflate_flags::TINFL_FLAG_USING_NON_WRAPPING_OUTPUT_BUF;
        let mut state = Box::<DecompressorOxide>::default();
        let (status, read, written) = decompress(&mut state, compressed, certificate, 0, flags);
        let whole = status == TINFLStatus::Done && read == compressed.len() && written == certificate.len();
        if whole { Ok(()) } else { Err(Failure) }
    }
}

/// Brotli (RFC 7932).
#[derive(Clone, Copy, Debug, Default)]
pub struct Brotli;

impl Algorithm for Brotli {
    fn number(&self) -> CertificateCompressionAlgorithm {
        CertificateCompressionAlgorithm::BROTLI
    }

    fn compress(&self, certificate: &[u8]) -> Option<Vec<u8>> {
        // The best there is, since it is done once; in a window that a chain fits into.
        let params = BrotliEncoderParams {
            quality: 11,
            lgwin: 17,
            size_hint: certificate.len(),
            ..BrotliEncoderParams::default()
        };
        let (mut input, mut out) = (certificate, Vec::new());
        BrotliCompress(&mut input, &mut out, &params).ok()?;
        Some(out).filter(|out| out.len() < certificate.len())
    }

    fn decompress(&self, compressed: &[u8], certificate: &mut [u8]) -> Result<(), Failure> {
        // Strict: windows of at most 16 MiB, as RFC 7932 has them.
        let memory = StandardAlloc::default;
        let mut state = BrotliState::new_strict(memory(), memory(), memory());
        let (mut left, mut read) = (compressed.len(), 0);
        let (mut room, mut written, mut total) = (certificate.len(), 0, 0);
        let result = BrotliDecompressStream(
            &mut left,
            &mut read,
            compressed,
            &mut room,
            &mut written,
            certificate,
            &mut total,
            &mut state,
        );
        let whole = matches!(result, BrotliResult::ResultSuccess) && left == 0 && room == 0;
        if whole { Ok(()) } else { Err(Failure) }
    }
}

/// Certificates that are kept compressed, and their bytes in all.
const KEPT: (usize, usize) = (64, 1 << 20);

/// The algorithms of a config, and the own certificates that were compressed by them: each is compressed once, at the first
/// handshake that needs it, which takes some milliseconds. Of those, 64 and 1 MiB are kept; beyond that, what was used longest ago
/// goes.
pub struct Compression {
    algorithms: Vec<Arc<dyn Algorithm>>,
    kept: Mutex<Bounded<Key, Option<Arc<[u8]>>>>,
}

/// An algorithm, and the SHA-256 of what it compresses.
type Key = (CertificateCompressionAlgorithm, [u8; 32]);

impl Compression {
    /// These algorithms, best first: the peer is told that its Certificate may be compressed by any of them, and our own is
    /// compressed by the first that the peer has too. Of several with the same number the first counts, and of all the first 127.
    pub fn new(algorithms: impl IntoIterator<Item = Arc<dyn Algorithm>>) -> Self {
        let mut out: Vec<Arc<dyn Algorithm>> = Vec::new();
        for algorithm in algorithms {
            // The extension holds no more (RFC 8879 3).
            if out.len() < 127 && out.iter().all(|a| a.number() != algorithm.number()) {
                out.push(algorithm);
            }
        }
        Self { algorithms: out, kept: Mutex::new(Bounded::new(KEPT.0, KEPT.1)) }
    }

    /// The algorithms' numbers, best first.
    pub fn numbers(&self) -> Vec<CertificateCompressionAlgorithm> {
        self.algorithms.iter().map(|a| a.number()).collect()
    }

    /// The first of ours that the peer can undo.
    pub(crate) fn common(
        &self,
        theirs: List<'_, CertificateCompressionAlgorithm>,
    ) -> Option<CertificateCompressionAlgorithm> {
        self.algorithms.iter().map(|a| a.number()).find(|n| theirs.contains(*n))
    }

    fn find(&self, number: CertificateCompressionAlgorithm) -> Option<&dyn Algorithm> {
        self.algorithms.iter().find(|a| a.number() == number).map(|a| &**a)
    }

    /// Our Certificate, its header apart, compressed; `None` if it is to be sent as it is.
    pub(crate) fn compress(&self, number: CertificateCompressionAlgorithm, certificate: &[u8]) -> Option<Arc<[u8]>> {
        let algorithm = self.find(number)?;
        let key = (number, digest(&SHA256, certificate).as_ref().try_into().ok()?);
        let kept = || self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(made) = kept().get(&key) {
            return made.clone();
        }
        // The lock is not held meanwhile: others may do the same work, and none waits.
        let fits = |bytes: &Vec<u8>| (1..1 << 24).contains(&bytes.len());
        let made: Option<Arc<[u8]>> = algorithm.compress(certificate).filter(fits).map(Into::into);
        kept().put(key, made.clone(), made.as_ref().map_or(0, |m| m.len()));
        made
    }

    /// The peer's Certificate, of at most `most` bytes, its header apart. No more room is made for it than it says that it needs,
    /// and no more comes out; but while it is undone, brotli has a window of up to 16 MiB (RFC 7932 9.1), as the peer says.
    pub(crate) fn decompress(&self, message: &CompressedCertificate<'_>, most: usize) -> Result<Vec<u8>, Error> {
        let algorithm = self
            .find(message.algorithm)
            .ok_or_else(|| illegal("CertificateCompressionAlgorithm", "is none that was offered", "RFC 8879 4"))?;
        // The same limit as if it had not been compressed (RFC 8879 5).
        if message.uncompressed_length > most {
            return Err(ErrorKind::TooMuch(Limit::MessageSize).into());
        }
        let mut out = vec![0; message.uncompressed_length];
        let done = algorithm.decompress(message.compressed, &mut out);
        done.map_err(|Failure| ErrorKind::BadCompression(message.algorithm))?;
        Ok(out)
    }
}

impl fmt::Debug for Compression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Compression").field(&self.algorithms).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicUsize, Ordering};

    const CERTIFICATE: &[u8] = include_bytes!("../tests/pem/p256.cert.pem");

    fn both() -> [Arc<dyn Algorithm>; 2] {
        [Arc::new(Zlib), Arc::new(Brotli)]
    }

    #[test]
    fn what_is_compressed_comes_out_again() {
        for algorithm in both() {
            for certificate in [CERTIFICATE, &[0; 60_000]] {
                let short = algorithm.compress(certificate).unwrap();
                assert!(short.len() < certificate.len());
                let mut out = vec![0xff; certificate.len()];
                algorithm.decompress(&short, &mut out).unwrap();
                assert!(out == certificate, "{algorithm:?}");
            }
        }
    }

    #[test]
    fn what_would_grow_is_sent_as_it_is() {
        let noise: Vec<u8> = CERTIFICATE
            .iter()
            .scan(7u8, |x, b| {
                Some({
                    *x = x.wrapping_mul(77).wrapping_add(*b);
                    *x
                })
            })
            .collect();
        let hash = digest(&SHA256, &noise);
        for algorithm in both() {
            assert_eq!(algorithm.compress(hash.as_ref()), None, "{algorithm:?}");
            assert_eq!(algorithm.compress(&[]), None, "{algorithm:?}");
        }
    }

    #[test]
    fn nothing_but_the_whole_is_taken() {
        for algorithm in both() {
            let short = algorithm.compress(CERTIFICATE).unwrap();
            let takes = |compressed: &[u8], length| algorithm.decompress(compressed, &mut vec![0; length]).is_ok();
            assert!(takes(&short, CERTIFICATE.len()));
            for wrong in [0, 1, CERTIFICATE.len() - 1, CERTIFICATE.len() + 1, 2 * CERTIFICATE.len()] {
                assert!(!takes(&short, wrong), "{algorithm:?}: {wrong}");
            }
            for cut in 0..short.len() {
                assert!(!takes(&short[..cut], CERTIFICATE.len()), "{algorithm:?} cut to {cut}");
            }
            let longer = [&short[..], &[0]].concat();
            assert!(!takes(&longer, CERTIFICATE.len()), "{algorithm:?}");
            let twice = [&short[..], &short].concat();
            assert!(!takes(&twice, CERTIFICATE.len()) && !takes(&twice, 2 * CERTIFICATE.len()), "{algorithm:?}");
        }
    }

    /// Any bit of a compressed certificate changed: an error or other bytes, as many as were asked for, and never a panic.
    #[test]
    fn damage_does_no_harm() {
        for algorithm in both() {
            let short = algorithm.compress(CERTIFICATE).unwrap();
            let mut refused = 0;
            for at in 0..short.len() {
                for bit in 0..8 {
                    let mut damaged = short.clone();
                    damaged[at] ^= 1 << bit;
                    let mut out = vec![0; CERTIFICATE.len()];
                    refused += usize::from(algorithm.decompress(&damaged, &mut out).is_err());
                }
            }
            assert!(refused > short.len(), "{algorithm:?}: {refused}");
        }
    }

    #[test]
    fn a_bomb_has_no_more_room_than_it_asks_for() {
        let compression = Compression::new(both());
        for algorithm in both() {
            let compressed = algorithm.compress(&vec![0; 8 << 20]).unwrap();
            let bomb = |uncompressed_length| CompressedCertificate {
                algorithm: algorithm.number(),
                uncompressed_length,
                compressed: &compressed,
            };
            let outcome = |length| compression.decompress(&bomb(length), 1 << 16).unwrap_err().kind().clone();
            assert_eq!(outcome(8 << 20), ErrorKind::TooMuch(Limit::MessageSize));
            assert_eq!(outcome((1 << 16) + 1), ErrorKind::TooMuch(Limit::MessageSize));
            assert_eq!(outcome(1 << 16), ErrorKind::BadCompression(algorithm.number()));
        }
    }

    #[test]
    fn the_first_in_common_and_no_other() {
        use CertificateCompressionAlgorithm as A;
        let ours = Compression::new([Arc::new(Brotli) as _, Arc::new(Zlib) as _, Arc::new(Brotli) as _]);
        assert_eq!(ours.numbers(), [A::BROTLI, A::ZLIB]);
        assert_eq!(ours.common(List::of(&[A::ZSTD, A::ZLIB, A::BROTLI])), Some(A::BROTLI));
        assert_eq!(ours.common(List::of(&[A::ZLIB])), Some(A::ZLIB));
        assert_eq!(ours.common(List::of(&[A::ZSTD])), None);
        let stranger = CompressedCertificate { algorithm: A::ZSTD, uncompressed_length: 1, compressed: &[1] };
        assert!(matches!(
            ours.decompress(&stranger, 1 << 16).unwrap_err().kind(),
            ErrorKind::IllegalParameter { field: "CertificateCompressionAlgorithm", .. }
        ));
    }

    /// Counts how often it is asked.
    #[derive(Debug, Default)]
    struct Counting(AtomicUsize);
    impl Algorithm for Counting {
        fn number(&self) -> CertificateCompressionAlgorithm {
            CertificateCompressionAlgorithm(0x4000)
        }
        fn compress(&self, certificate: &[u8]) -> Option<Vec<u8>> {
            self.0.fetch_add(1, Ordering::Relaxed);
            certificate.first().map(|b| vec![*b])
        }
        fn decompress(&self, _: &[u8], _: &mut [u8]) -> Result<(), Failure> {
            Err(Failure)
        }
    }

    #[test]
    fn each_certificate_is_compressed_once() {
        let counting = Arc::new(Counting::default());
        let compression = Compression::new([counting.clone() as _]);
        let number = counting.number();
        for round in 0..3 {
            assert_eq!(compression.compress(number, b"one").as_deref(), Some(&b"o"[..]));
            assert_eq!(compression.compress(number, b"two").as_deref(), Some(&b"t"[..]));
            // That it is of no use is remembered too.
            assert_eq!(compression.compress(number, b""), None);
            assert_eq!(counting.0.load(Ordering::Relaxed), 3, "{round}");
        }
        assert_eq!(compression.compress(CertificateCompressionAlgorithm::ZLIB, b"one"), None);
    }
}
