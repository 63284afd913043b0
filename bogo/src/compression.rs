//! The runner's own ways to compress a Certificate, which are none.

use handfast::compression::{Algorithm, Compression};
use handfast::crypto::Failure;
use handfast::wire::numbers::CertificateCompressionAlgorithm;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

/// Leaves out the first two bytes, which are zero in every Certificate of a server and of a first handshake.
#[derive(Debug)]
struct Shrinking;
/// Puts something before it.
#[derive(Debug)]
struct Expanding;
/// Puts a byte before it, another one each time.
#[derive(Debug)]
struct Random(AtomicU8);

const LEFT_OUT: [u8; 2] = [0, 0];
const PUT_BEFORE: [u8; 4] = [1, 2, 3, 4];

/// All, or one by its number.
pub(crate) fn of(wanted: Option<Option<u16>>) -> Option<Arc<Compression>> {
    let one = wanted?;
    // The order is the runner's.
    let all: [Arc<dyn Algorithm>; 3] = [Arc::new(Expanding), Arc::new(Shrinking), Arc::new(Random(AtomicU8::new(0)))];
    Some(Arc::new(Compression::new(all.into_iter().filter(|a| one.is_none_or(|n| a.number().0 == n)))))
}

/// What stands behind the first bytes, which are of no interest, if it has the right length.
fn fill(certificate: &mut [u8], from: Option<&[u8]>) -> Result<(), Failure> {
    let from = from.filter(|f| f.len() == certificate.len()).ok_or(Failure)?;
    certificate.copy_from_slice(from);
    Ok(())
}

impl Algorithm for Shrinking {
    fn number(&self) -> CertificateCompressionAlgorithm {
        CertificateCompressionAlgorithm(0xff01)
    }
    fn compress(&self, certificate: &[u8]) -> Option<Vec<u8>> {
        certificate.strip_prefix(&LEFT_OUT).map(<[u8]>::to_vec)
    }
    fn decompress(&self, compressed: &[u8], certificate: &mut [u8]) -> Result<(), Failure> {
        fill(certificate, Some(&[&LEFT_OUT, compressed].concat()))
    }
}

impl Algorithm for Expanding {
    fn number(&self) -> CertificateCompressionAlgorithm {
        CertificateCompressionAlgorithm(0xff02)
    }
    fn compress(&self, certificate: &[u8]) -> Option<Vec<u8>> {
        Some([&PUT_BEFORE, certificate].concat())
    }
    fn decompress(&self, compressed: &[u8], certificate: &mut [u8]) -> Result<(), Failure> {
        fill(certificate, compressed.strip_prefix(&PUT_BEFORE))
    }
}

impl Algorithm for Random {
    fn number(&self) -> CertificateCompressionAlgorithm {
        CertificateCompressionAlgorithm(0xff03)
    }
    fn compress(&self, certificate: &[u8]) -> Option<Vec<u8>> {
        Some([&[self.0.fetch_add(1, Ordering::Relaxed)], certificate].concat())
    }
    fn decompress(&self, compressed: &[u8], certificate: &mut [u8]) -> Result<(), Failure> {
        fill(certificate, compressed.get(1..))
    }
}
