//! The cipher suite.

use super::case::{Case, kind};
use super::version::in_words;
use super::{Offer, Topic, Verdict, listed};
use crate::words;
use handfast::crypto::{AeadAlgorithm, Authentication, BulkCipher, KeyExchangeKind, KeyKind, NeverSpoken, Suite};
use handfast::wire::CipherSuite;
use handfast::wire::numbers::{NamedGroup, ProtocolVersion};
use handfast::{Negotiated, Weakness};

const FIELD: &str = "cipher_suites";

pub(super) fn topic(case: &Case<'_>) -> Topic {
    let mut offers: Vec<Offer> = case.hello.suites.iter().map(|s| offer(case, *s)).collect();
    offers.extend(case.hello.old.iter().map(of_ssl2));
    Topic { name: "Cipher suite", chosen: case.suite.map(words::protection), why: why(case), offers }
}

/// What both sides have for the version that was agreed on, each side's in its order.
fn common(case: &Case<'_>) -> (Vec<CipherSuite>, Vec<CipherSuite>) {
    let will_do = |s: &CipherSuite| matches!(judge(case, *s), Verdict::Chosen | Verdict::Usable);
    let theirs: Vec<_> = case.hello.suites.iter().copied().filter(will_do).collect();
    let ours = case.policy().suites.iter().copied().filter(|s| theirs.contains(s)).collect();
    (ours, theirs)
}

fn why(case: &Case<'_>) -> String {
    let (ours, theirs) = common(case);
    let version = in_words(case.likely_version());
    let Some(chosen) = case.suite else {
        return match (case.likely_version(), ours.first()) {
            (None, _) => "Without a version that both may speak there is no suite to choose.".into(),
            (_, None) => {
                format!("There is none for {version} that both may speak, and this server has a certificate for.")
            }
            (_, Some(_)) => {
                let names = listed(ours.iter().take(3).map(ToString::to_string));
                format!("It did not come to a choice. Both have, for {version}, for instance {names}.")
            }
        };
    };
    if case.resumed && case.is_classic() {
        return "The session that was resumed brings its suite along.".into();
    }
    let server = case.policy().server_preference;
    let first = if server { ours.first() } else { theirs.first() };
    if first != Some(&chosen) {
        return format!(
            "Both have it for {version}, and it is the first that went with everything else that was agreed on."
        );
    }
    match (server, theirs.first()) {
        (true, Some(best)) if *best != chosen => {
            let why =
                format!("Of those that both have for {version}, this server puts it first, and its order counts.");
            format!("{why} {} puts {best} first.", case.capital())
        }
        (true, _) => format!("Of those that both have for {version}, both put it first."),
        (false, _) => {
            format!("Of those that both have for {version}, {} puts it first, and its order counts here.", case.who())
        }
    }
}

fn offer(case: &Case<'_>, suite: CipherSuite) -> Offer {
    let offer = Offer::numbered(suite, (suite.0, 2), FIELD);
    if suite.is_grease() {
        return offer.grease();
    }
    if let Some((words, rfc)) = signal(case, suite) {
        return offer.is(Verdict::Heeded, words, rfc);
    }
    let verdict = judge(case, suite);
    let Some(row) = Suite::find(suite) else {
        let why = match NeverSpoken::of(suite) {
            Some(never) => format!("One of the {}, {}. This server never speaks them.", never.name(), never.why()),
            None => "This server does not know it, and passes over it.".into(),
        };
        return offer.is(verdict, why, "RFC 9325 4.1");
    };
    let weak = weaknesses(case, row);
    let mut meaning = match verdict {
        Verdict::Chosen => format!("It protects every record: {}.", does(row)),
        Verdict::Usable => format!("Both could: {}.", does(row)),
        Verdict::OtherVersion => {
            format!("For {}, had it come to that: {}.", versions(row), does(row))
        }
        Verdict::Unfit => format!("It needs {}, and this server has none: {}.", needs(row), does(row)),
        _ => format!("This server could, and its policy does not have it: {}.", does(row)),
    };
    if !weak.is_empty() {
        let each: Vec<_> = weak.iter().map(|w| format!("{w} ({})", w.words())).collect();
        meaning += &format!(" Weak: {}.", each.join("; "));
    }
    offer.is(verdict, meaning, weak.first().map_or_else(|| defined(row), |w| w.section()))
}

/// What stands among the suites, and is none.
fn signal(case: &Case<'_>, suite: CipherSuite) -> Option<(String, &'static str)> {
    match suite {
        CipherSuite::TLS_EMPTY_RENEGOTIATION_INFO_SCSV => Some((
            format!(
                "No suite: by it {} says that a second handshake would be tied to the first. TLS 1.3 has none.",
                case.who()
            ),
            "RFC 5746 3.3",
        )),
        CipherSuite::TLS_FALLBACK_SCSV => Some((
            format!(
                "No suite: by it {} says that it tries again with an older version, since a newer one did not work. A server that \
                 speaks the newer one then refuses, so that nobody can talk the two down.",
                case.who()
            ),
            "RFC 7507",
        )),
        _ => None,
    }
}

fn judge(case: &Case<'_>, suite: CipherSuite) -> Verdict {
    let fits = |row: &Suite| case.likely_version().is_none_or(|v| row.fits(v));
    match Suite::find(suite) {
        _ if case.suite == Some(suite) => Verdict::Chosen,
        None => Verdict::Unknown,
        Some(row) if !case.policy().suites.contains(&suite) => match fits(row) || !weaknesses(case, row).is_empty() {
            true => Verdict::NotOurs,
            false => Verdict::OtherVersion,
        },
        Some(row) if !fits(row) => Verdict::OtherVersion,
        Some(row) if !row.is_spoken_by(&*case.config.provider) => Verdict::Unknown,
        Some(row) if !has_key(case, row) => Verdict::Unfit,
        Some(_) => Verdict::Usable,
    }
}

/// Whether this server has what proves it in this suite.
fn has_key(case: &Case<'_>, row: &Suite) -> bool {
    let has = |good: &[KeyKind]| case.own().iter().any(|c| good.contains(&c.kind()));
    let certified = match row.authentication {
        Authentication::Rsa if row.key_exchange.has_rsa() => case.own().iter().any(|c| c.key.decrypts()),
        Authentication::Rsa => has(&[KeyKind::Rsa, KeyKind::RsaPss]),
        Authentication::Ecdsa => has(&[KeyKind::Ecdsa, KeyKind::Ed25519]),
        Authentication::Psk | Authentication::Tls13 => true,
    };
    certified && (!row.key_exchange.has_psk() || case.config.psks.is_some())
}

fn needs(row: &Suite) -> String {
    match (row.authentication, row.key_exchange.has_psk()) {
        (_, true) => "a key that both have been given before".into(),
        (Authentication::Rsa, _) => format!("a certificate with an {} key", kind(KeyKind::Rsa)),
        (Authentication::Ecdsa, _) => format!("a certificate with an {} key", kind(KeyKind::Ecdsa)),
        (Authentication::Psk | Authentication::Tls13, _) => "nothing".into(),
    }
}

fn versions(row: &Suite) -> String {
    if row.from == row.to { row.to.to_string() } else { format!("{} to {}", row.from, row.to) }
}

/// What it is made of.
fn does(row: &Suite) -> String {
    let records = match about(row) {
        Some(about) => format!("{}, {about}", words::protection(row.number)),
        None => words::protection(row.number),
    };
    let keys = match row.key_exchange {
        KeyExchangeKind::Tls13 => return records,
        KeyExchangeKind::Rsa => "the secret is encrypted under the RSA key of the certificate",
        KeyExchangeKind::Dhe => "fresh keys over a prime field",
        KeyExchangeKind::Ecdhe => "fresh keys on a curve",
        KeyExchangeKind::Psk => "a key that both have been given before",
        KeyExchangeKind::DhePsk => "a key that both have been given before, with fresh ones over a prime field",
        KeyExchangeKind::EcdhePsk => "a key that both have been given before, with fresh ones on a curve",
        KeyExchangeKind::RsaPsk => "a key that both have been given before, and the RSA key of the certificate",
    };
    let proof = match row.authentication {
        Authentication::Ecdsa => ", proven by an ECDSA certificate",
        Authentication::Rsa if row.key_exchange.is_signed() => ", proven by an RSA certificate",
        _ => "",
    };
    format!("{records}; {keys}{proof}")
}

/// What the ciphers of TLS 1.3 are like.
fn about(row: &Suite) -> Option<&'static str> {
    use AeadAlgorithm as A;
    match row.bulk {
        _ if row.key_exchange != KeyExchangeKind::Tls13 => None,
        BulkCipher::Aead(A::Aes128Gcm) => Some("fast where the processor knows AES, as most do"),
        BulkCipher::Aead(A::Aes256Gcm) => Some("with a longer key, and a little slower"),
        BulkCipher::Aead(A::ChaCha20Poly1305) => Some("fast where the processor does not know AES"),
        BulkCipher::Aead(_) => Some("for small devices"),
        _ => None,
    }
}

/// What is weak in it where all else is as good as can be.
fn weaknesses(case: &Case<'_>, row: &Suite) -> Vec<Weakness> {
    let mut best = Negotiated::default();
    (best.version, best.suite) = (Some(row.to.max(ProtocolVersion::TLS1_2)), Some(row.number));
    (best.group, best.extended_master_secret, best.secure_renegotiation) = (Some(NamedGroup::X25519), true, true);
    best.encrypt_then_mac = case.policy().encrypt_then_mac && case.extensions().encrypt_then_mac().is_some();
    best.weaknesses()
}

fn defined(row: &Suite) -> &'static str {
    match row.key_exchange {
        KeyExchangeKind::Tls13 => "RFC 9846 B.4",
        _ => "RFC 9325 4.2",
    }
}

fn of_ssl2(spec: &[u8; 3]) -> Offer {
    let number = Some(format!("0x{}", words::hex(spec)));
    let offer = Offer { number, ..Offer::named("a cipher of SSL 2.0", FIELD) };
    offer.is(Verdict::Unknown, "SSL 2.0 is broken, and never spoken.", "RFC 6176")
}
