//! What a cookie holds: all that the server has to know of a first ClientHello when the second one comes (RFC 9846 4.3.2).

use super::choice::kept;
use crate::Time;
use crate::extension::Extensions;
use crate::keys::Secret;
use crate::message::{ClientHello, HEADER};
use crate::wire::numbers::{HandshakeType, NamedGroup};
use crate::wire::{CipherSuite, Malformed, Problem, Reader, Wire, Writer};
use sha2::Sha256;
use std::time::Duration;

/// The first byte: tickets, which the same keys may seal, have others.
const FORM: u8 = 0x31;

/// Between the two hellos.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Cookie {
    /// The suite that HelloRetryRequest named.
    pub(super) suite: CipherSuite,
    /// The group that it asked for, if it did.
    pub(super) group: Option<NamedGroup>,
    /// The first hello had an external PSK that is known here.
    pub(super) psk: bool,
    /// The hash of the first ClientHello, which stands for it in the transcript.
    pub(super) first: Vec<u8>,
    /// What must not change from the first to the second.
    pub(super) same: [u8; 32],
    pub(super) made: Time,
}

impl Cookie {
    /// In bytes, to be sealed.
    pub(super) fn encode(&self) -> Secret {
        let mut w = Writer::new();
        w.u8(FORM);
        self.suite.encode(&mut w);
        // 0 is no group.
        w.u16(self.group.map_or(0, |g| g.0));
        w.u8(self.psk.into());
        w.bytes(&self.made.millis_since(Time::default()).to_be_bytes());
        w.bytes(&self.same);
        w.u8(self.first.len() as u8);
        w.bytes(&self.first);
        Secret::copy(w.as_bytes())
    }

    /// What [`Cookie::encode`] gave; `None` if it is anything else.
    pub(super) fn decode(bytes: &Secret) -> Option<Self> {
        let mut r = Reader::new(bytes.bytes());
        let read = |r: &mut Reader<'_>| -> Result<Self, Malformed> {
            if r.u8()? != FORM {
                return Err(r.fault(Problem::Value("is of another form")));
            }
            let (suite, group) = (Wire::decode(r)?, Some(NamedGroup(r.u16()?)).filter(|g| g.0 != 0));
            let psk = r.u8()? == 1;
            let made = Time(Duration::from_millis(u64::from_be_bytes(*<&[u8; 8]>::decode(r)?)));
            let same = *<&[u8; 32]>::decode(r)?;
            let length = r.u8()?;
            let first = r.take(length.into())?.to_vec();
            r.finish()?;
            Ok(Self { suite, group, psk, first, same, made })
        };
        read(&mut r).ok()
    }

    /// Whether it was made no longer than so many seconds ago; or is to be made in so many, by a clock that is ahead of ours.
    pub(super) fn is_young(&self, lifetime: Duration, now: Time) -> bool {
        self.made.0.abs_diff(now.0) < lifetime
    }

    /// The message that stands for the first ClientHello in the transcript (RFC 9846 4.4.1).
    pub(super) fn message_hash(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(HEADER + self.first.len());
        out.extend_from_slice(&[HandshakeType::MESSAGE_HASH.0, 0, 0, self.first.len() as u8]);
        out.extend_from_slice(&self.first);
        out
    }
}

/// A hash of all that a second ClientHello may not change, whatever the order of its extensions (RFC 9846 4.2.2).
pub(super) fn same(hello: &ClientHello<'_>) -> [u8; 32] {
    let mut w = Writer::new();
    hello.fixed.encode(&mut w);
    let one = |e: &crate::extension::Extension<'_>| {
        let mut w = Writer::new();
        Extensions::of(vec![e.clone()]).encode(&mut w);
        w.into_bytes()
    };
    let mut extensions: Vec<Vec<u8>> = kept(&hello.extensions).map(one).collect();
    extensions.sort_unstable();
    let hash = sha2::Digest::chain_update(<Sha256 as sha2::Digest>::new(), w.as_bytes());
    let all = extensions.iter().fold(hash, sha2::Digest::chain_update);
    sha2::Digest::finalize(all).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cookie(group: Option<NamedGroup>, first: usize) -> Cookie {
        let made = Time(Duration::from_secs(1000));
        let suite = CipherSuite::TLS_AES_128_GCM_SHA256;
        Cookie { suite, group, psk: group.is_some(), first: vec![7; first], same: [9; 32], made }
    }

    #[test]
    fn bytes_and_back_and_nothing_else() {
        for (group, first) in [(None, 32), (Some(NamedGroup::X25519), 48)] {
            let cookie = cookie(group, first);
            let bytes = cookie.encode();
            assert_eq!(Cookie::decode(&bytes).as_ref(), Some(&cookie));
            for n in 0..bytes.bytes().len() {
                assert_eq!(Cookie::decode(&Secret::copy(&bytes.bytes()[..n])), None);
            }
            assert_eq!(Cookie::decode(&Secret::copy(&[bytes.bytes(), &[0]].concat())), None);
            let mut other = bytes.bytes().to_vec();
            other[0] = 0x22;
            assert_eq!(Cookie::decode(&Secret::copy(&other)), None, "a session's form");
        }
    }

    #[test]
    fn it_grows_old() {
        let cookie = cookie(None, 32);
        let at = |seconds| Time(Duration::from_secs(seconds));
        let good_for = Duration::from_secs(30);
        for (now, young) in [(1000, true), (1029, true), (999, true), (1030, false)] {
            assert_eq!(cookie.is_young(good_for, at(now)), young, "{now}");
        }
        assert!(!cookie.is_young(good_for, at(970)) && !cookie.is_young(Duration::ZERO, at(1000)));
    }
}
