//! External pre-shared keys of the command line.

use crate::args::{HexKey, Psks, Spoken};
use crate::exit::Failure;
use crate::words;
use handfast::Policy;
use handfast::crypto::{HashAlgorithm, Suite};
use handfast::keys::Secret;
use handfast::psk::{ExternalPsk, PskUsage};
use handfast::wire::numbers::PskKeyExchangeMode;
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

/// The keys, in order, each under its name.
pub(crate) fn psks(args: &Psks) -> Result<Vec<ExternalPsk>, Failure> {
    let (names, keys) = (&args.psk_identity, &args.psk_key);
    if names.len() != keys.len() {
        let why = format!("--psk-identity was given {} times, and --psk-key {}.", names.len(), keys.len());
        return Err(Failure::usage(why, "Give each --psk-identity its --psk-key."));
    }
    let hash = match args.psk_hash.as_str() {
        "sha256" => HashAlgorithm::Sha256,
        "sha384" => HashAlgorithm::Sha384,
        other => {
            return Err(Failure::usage(format!("there is no --psk-hash \"{other}\"."), "There are: sha256, sha384."));
        }
    };
    let usage = match &args.psk_import {
        Some(context) => PskUsage::Imported { context: context.as_bytes().to_vec() },
        None => PskUsage::Plain,
    };
    let pairs = names.iter().zip(keys);
    pairs
        .map(|(name, given)| {
            if name.is_empty() {
                return Err(Failure::usage("a --psk-identity is empty.", ""));
            }
            Ok(ExternalPsk { hash, usage: usage.clone(), ..ExternalPsk::new(name.as_str(), key(given)?) })
        })
        .collect()
}

/// The files that they are read from.
pub(crate) fn files(args: &Psks) -> impl Iterator<Item = PathBuf> {
    args.psk_key.iter().filter_map(|key| key.0.strip_prefix('@')).map(PathBuf::from)
}

/// What a session is bound to that goes back to this key: nothing that the key could be tried out by elsewhere.
pub(crate) fn mark(psk: &ExternalPsk) -> String {
    let label = b"handfast: a session is bound to this pre-shared key";
    words::sha256(&Zeroizing::new([&label[..], psk.key.bytes()].concat()))
}

/// `--psk-only`: without a fresh exchange, if the peer does that too; or, where that is `strict`, in no other way.
pub(crate) fn modes(psk_only: bool, policy: &mut Policy, strict: bool) {
    const ALONE: PskKeyExchangeMode = PskKeyExchangeMode::PSK_KE;
    policy.psk_modes = match (psk_only, strict) {
        (false, _) => return,
        (true, true) => vec![ALONE],
        (true, false) => vec![ALONE, PskKeyExchangeMode::PSK_DHE_KE],
    };
}

/// Where there are keys, suites that take one go first, as TLS 1.3 has a key go before a certificate; unless an order of suites is given.
pub(crate) fn prefer(args: &Psks, spoken: &Spoken, policy: &mut Policy) {
    if !args.psk_identity.is_empty() && spoken.within.suites.is_none() {
        policy.suites.sort_by_key(|s| !Suite::find(*s).is_some_and(|s| s.key_exchange.has_psk()));
    }
}

/// A key in hexadecimal, or in a file of this name behind an @.
fn key(HexKey(given): &HexKey) -> Result<Secret, Failure> {
    let text = match given.strip_prefix('@') {
        Some(path) => {
            let path = Path::new(path);
            Zeroizing::new(std::fs::read_to_string(path).map_err(|e| Failure::file("read", path, e))?)
        }
        None => given.clone(),
    };
    let digits = text.trim().as_bytes();
    let digit = |b: &u8| char::from(*b).to_digit(16).map(|d| d as u8);
    let good = !digits.is_empty() && digits.len() % 2 == 0 && digits.iter().all(|b| digit(b).is_some());
    if !good {
        let remedy = "Such a key is made by: openssl rand -hex 32";
        return Err(Failure::usage("a --psk-key is not an even number of hexadecimal digits.", remedy));
    }
    Ok(Secret::filled(digits.len() / 2, |out| {
        for (byte, pair) in out.iter_mut().zip(digits.chunks(2)) {
            *byte = pair.iter().filter_map(digit).fold(0, |all, digit| all << 4 | digit);
        }
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_hexadecimal() {
        let key = |text: &str| key(&HexKey(Zeroizing::new(text.into())));
        assert!(key("00ffAb\n").is_ok_and(|k| k.same(&[0, 0xff, 0xab])));
        for bad in ["", "0", "0g", "00 11", "@/nowhere/at/all"] {
            assert!(key(bad).is_err(), "{bad:?}");
        }
    }
}
