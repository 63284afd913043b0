//! What to do where two sides do not agree on versions or suites: it depends on what the policy is already.

use crate::crypto::Suite;
use crate::policy::Policy;
use crate::wire::CipherSuite;
use crate::wire::numbers::ProtocolVersion;

/// What else could be offered to a peer that finds nothing acceptable. `policy`: what ours is called.
pub(super) fn offer_more(policy: Option<&str>) -> &'static str {
    match policy {
        Some("compatible") => {
            "Offer more (--policy legacy, then museum), or give a client certificate if the peer requires one."
        }
        Some("legacy") => {
            "Offer more (--policy museum, which has RC4 and SSL 3.0), or give a client certificate if the peer requires one."
        }
        Some("museum") => {
            "No policy offers more. What encrypts nothing has to be named: --suites. An old peer may want to see nothing newer than it \
             knows: --max-version, or --fallback. Or give a client certificate if the peer requires one."
        }
        _ => {
            "Offer more (--policy compatible, which also has pre-shared keys up to TLS 1.2; then legacy), or give a client certificate \
             if the peer requires one."
        }
    }
}

/// Which versions could be tried with a peer that speaks none of ours.
pub(super) fn other_versions(policy: Option<&str>) -> &'static str {
    match policy {
        Some("modern") => "Try --policy default (TLS 1.2); for an old peer --policy legacy (TLS 1.1 and 1.0).",
        Some("default" | "compatible") => {
            "For an old peer try --policy legacy (TLS 1.1 and 1.0), then museum (SSL 3.0); for a new one leave out --max-version."
        }
        Some("legacy") => "For an old peer try --policy museum (SSL 3.0); for a new one leave out --max-version.",
        Some("museum") => {
            "A peer of SSL 3.0 that knows newer versions by name has to be asked for nothing newer: --max-version ssl3, or --fallback. \
             For a new one leave out --max-version."
        }
        _ => "Try --policy legacy for an old peer, --policy default for a new one.",
    }
}

/// Names the strictest policy that has one of the peer's versions.
pub(super) fn for_versions(theirs: &[ProtocolVersion], policy: Option<&str>) -> String {
    let has = |p: &Policy| p.versions().iter().any(|v| theirs.contains(v));
    match policy_where(has) {
        Some(name) if is_in(name, policy) => {
            "Our policy has the peer's version: it was left out by --min-version or --max-version, or by the choice of suites.".into()
        }
        Some(name) => wider(name),
        None => "No policy has the peer's version. Update the peer.".into(),
    }
}

/// Names the strictest policy that has one of the peer's suites.
pub(super) fn for_suites(theirs: &[String], policy: Option<&str>) -> String {
    let has = |p: &Policy| p.suites.iter().any(|s| theirs.iter().any(|t| *t == s.to_string()));
    match policy_where(has) {
        Some(name) if is_in(name, policy) => {
            return "Our policy has one of the peer's suites: it was left out by --suites, or is of another version than can be agreed on, \
                    or there is no certificate or key here that it goes with."
                .into();
        }
        Some(name) => return wider(name),
        None => {}
    }
    let known = theirs.iter().filter_map(|t| CipherSuite::from_name(t)).any(|s| Suite::find(s).is_some());
    match known {
        true => "Name one of the peer's suites with --suites.".into(),
        false => {
            "None of the peer's suites is ever spoken here. Configure the peer to have others, or update it.".into()
        }
    }
}

fn wider(name: &str) -> String {
    format!("The policy `{name}` allows what the peer speaks: --policy {name}. Better, update the peer.")
}

fn policy_where(has: impl Fn(&Policy) -> bool) -> Option<&'static str> {
    Policy::NAMES.iter().copied().find(|name| Policy::named(name).is_some_and(|p| has(&p)))
}

/// Whether what the policy `name` has is in this one, too: each has all that the stricter ones have.
fn is_in(name: &str, policy: Option<&str>) -> bool {
    let place = |name: &str| Policy::NAMES.iter().position(|n| *n == name);
    policy.and_then(place).is_some_and(|ours| place(name) <= Some(ours))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// No remedy names a policy that is set already, or a stricter one; but for peers that want something newer.
    #[test]
    fn what_is_set_is_not_recommended() {
        for (at, name) in Policy::NAMES.iter().enumerate() {
            for said in [offer_more(Some(name)), other_versions(Some(name))] {
                for old in &Policy::NAMES[..=at] {
                    assert!(!said.contains(&format!("--policy {old}")), "{name}: {said}");
                }
                assert!(said.ends_with('.') && !said.contains("  "), "{said}");
            }
        }
        assert!(other_versions(Some("museum")).contains("--max-version ssl3"));
        assert!(offer_more(Some("legacy")).contains("museum") && offer_more(Some("museum")).contains("--suites"));
    }

    #[test]
    fn what_the_policy_has_was_left_out() {
        let suite = ["TLS_RSA_WITH_AES_128_CBC_SHA".to_owned()];
        let version = [ProtocolVersion::TLS1_0];
        assert!(for_suites(&suite, Some("default")).contains("--policy compatible"));
        assert!(for_versions(&version, Some("compatible")).contains("--policy legacy"));
        for ours in ["legacy", "museum"] {
            assert!(for_suites(&suite, Some(ours)).contains("left out by --suites"));
            assert!(for_versions(&version, Some(ours)).contains("left out by --min-version"));
        }
        assert!(for_suites(&["TLS_RSA_WITH_RC4_128_SHA".into()], Some("legacy")).contains("--policy museum"));
    }
}
