//! The premaster secret with a pre-shared key in it (RFC 4279 2, RFC 5489 2).
//!
//! ```text
//! struct { opaque other_secret<0..2^16-1>; opaque psk<0..2^16-1>; };
//! ```

use super::super::super::Flow;
use crate::keys::{Secret, made};

/// The premaster secret: what was agreed, with the pre-shared key if there is one. `None` if there is neither.
pub(in super::super) fn premaster(flow: &mut Flow<'_>, agreed: Option<Secret>, psk: Option<&Secret>) -> Option<Secret> {
    let Some(psk) = psk else {
        let premaster = agreed?;
        flow.made(&made::PREMASTER, &premaster);
        return Some(premaster);
    };
    let other = match &agreed {
        Some(other) => {
            flow.made(&made::OTHER, other);
            made::OTHER.name
        }
        None => "",
    };
    flow.made(&made::PSK, psk);
    let premaster = with_psk(agreed.as_ref(), psk);
    flow.made(&made::PREMASTER.from(other).with(made::PSK.name), &premaster);
    Some(premaster)
}

/// The other secret is that of the exchange that the suite has beside the key, or else as many zeros as the key has bytes.
fn with_psk(other: Option<&Secret>, psk: &Secret) -> Secret {
    let psk = psk.bytes();
    let other_len = other.map_or(psk.len(), |other| other.bytes().len());
    Secret::filled(other_len + psk.len() + 4, |out| {
        let (first, second) = out.split_at_mut(2 + other_len);
        put(first, other_len, other.map(Secret::bytes));
        put(second, psk.len(), Some(psk));
    })
}

/// A length, and behind it these bytes, or zeros.
fn put(out: &mut [u8], len: usize, bytes: Option<&[u8]>) {
    // Neither key nor secret is longer: a key that is does not come here.
    let (length, body) = out.split_at_mut(2);
    length.copy_from_slice(&(len as u16).to_be_bytes());
    if let Some(bytes) = bytes {
        body.copy_from_slice(bytes);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn with_and_without_another_secret() {
        let psk = Secret::copy(&[7, 8, 9]);
        assert!(with_psk(None, &psk).same(&[0, 3, 0, 0, 0, 0, 3, 7, 8, 9]));
        assert!(with_psk(Some(&Secret::copy(&[1; 5])), &psk).same(&[0, 5, 1, 1, 1, 1, 1, 0, 3, 7, 8, 9]));
        let long = with_psk(Some(&Secret::copy(&[1; 1024])), &Secret::copy(&vec![5; 0xffff]));
        assert_eq!(long.bytes().len(), 1024 + 0xffff + 4);
        assert!(long.bytes().starts_with(&[4, 0, 1]) && long.bytes()[1026..].starts_with(&[0xff, 0xff, 5]));
    }
}
