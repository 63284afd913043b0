//! Lists of the command line, held against the policy: order is preference, and nothing outside of the policy gets in.

use crate::args::{OldCertificates, Spoken, Within};
use crate::exit::Failure;
use handfast::Policy;
use handfast::compression::{Algorithm, Brotli, Compression, Zlib};
use handfast::crypto::{BulkCipher, NeverSpoken, Suite};
use handfast::wire::CipherSuite;
use handfast::wire::numbers::{NamedGroup, ProtocolVersion, SignatureScheme};
use std::sync::Arc;

/// The policy that the command line names, as far as it is wanted.
pub(crate) fn spoken(wanted: &Spoken) -> Result<Policy, Failure> {
    let mut policy = within(policy(&wanted.policy)?, &wanted.within)?;
    old_certificates(&mut policy, &wanted.old);
    policy.encrypt_then_mac &= !wanted.no_encrypt_then_mac;
    Ok(policy)
}

/// A client's suites have to open in constant time whatever the server does of encrypt-then-MAC, which it learns too late.
pub(crate) fn openable(policy: &Policy, wanted: &Within) -> Result<(), Failure> {
    let unsafe_alone = |s: &&CipherSuite| Suite::find(**s).is_some_and(|s| !s.opens_in_constant_time());
    match policy.suites.iter().find(unsafe_alone).filter(|_| wanted.suites.is_some()) {
        None => Ok(()),
        Some(suite) => {
            let why = format!(
                "{suite} is not spoken by a client: without encrypt-then-MAC, which is the server's to choose, its records cannot be \
                 opened in constant time."
            );
            Err(Failure::usage(
                why,
                "Name other suites: AES-256-CBC with SHA-1 or SHA-384, or AES-128-CBC with SHA-256, can be.",
            ))
        }
    }
}

/// Whether some suite of the policy is like this, in a version that it allows. For flags that have no effect without.
pub(crate) fn has(policy: &Policy, like: impl Fn(&Suite) -> bool) -> bool {
    policy.suites.iter().filter_map(|s| Suite::find(*s)).any(like)
}

/// A flag that can have no effect, since there is no such thing in what may be spoken.
pub(crate) fn without_effect(flag: &str, lacking: &str, policy: &Policy, remedy: &str) -> Failure {
    let why = format!("{flag} has no effect: what may be spoken within the policy {} has no {lacking}.", policy.name);
    Failure::usage(why, remedy)
}

/// Adds what is accepted of old certificates.
fn old_certificates(policy: &mut Policy, wanted: &OldCertificates) {
    let old = &mut policy.certificates;
    old.sha1 |= wanted.allow_sha1;
    old.md5 |= wanted.allow_md5;
    old.version_1 |= wanted.allow_x509v1;
    old.common_names |= wanted.allow_common_name;
    old.min_rsa_bits = wanted.min_rsa_bits.map_or(old.min_rsa_bits, usize::from);
    // The peer is told, too, or might show no such certificate.
    let sha1 = [SignatureScheme::ECDSA_SHA1, SignatureScheme::RSA_PKCS1_SHA1];
    if wanted.allow_sha1 && !policy.in_certificates().contains(&sha1[1]) {
        policy.cert_schemes = Some([policy.in_certificates(), &sha1].concat());
    }
}

/// The policy of this name.
pub(crate) fn policy(name: &str) -> Result<Policy, Failure> {
    Policy::named(name).ok_or_else(|| {
        let remedy = format!("There are: {}.", Policy::NAMES.join(", "));
        Failure::usage(format!("there is no policy called \"{name}\"."), remedy)
    })
}

/// What of a policy is wanted.
pub(crate) fn within(mut policy: Policy, wanted: &Within) -> Result<Policy, Failure> {
    let whole = policy.clone();
    if let Some(name) = &wanted.min_version {
        policy.min_version = version(name, &whole)?;
    }
    if let Some(name) = &wanted.max_version {
        policy.max_version = version(name, &whole)?;
    }
    if policy.min_version > policy.max_version {
        let (min, max) = (policy.min_version, policy.max_version);
        return Err(Failure::usage(format!("no version is at least {min} and at most {max}."), ""));
    }
    choose(&mut policy.suites, wanted.suites.as_deref(), &whole)?;
    choose(&mut policy.groups, wanted.groups.as_deref(), &whole)?;
    choose(&mut policy.schemes, wanted.schemes.as_deref(), &whole)?;
    if let Some(list) = &wanted.cert_schemes {
        policy.cert_schemes = Some(chosen(list, "--cert-schemes", &whole)?);
    }
    fit_versions(policy)
}

/// For which groups of the policy a client sends shares at once: for so many of the first, or for those that are named.
pub(crate) fn key_shares(wanted: Option<&str>, policy: &mut Policy) -> Result<(), Failure> {
    let Some(wanted) = wanted else { return Ok(()) };
    if let Ok(count) = wanted.parse() {
        policy.key_shares = count;
        return Ok(());
    }
    let groups: Vec<NamedGroup> = chosen(wanted, "--key-shares", &self::policy(policy.name)?)?;
    if let Some(other) = groups.iter().find(|g| !policy.groups.contains(g)) {
        let why = format!("a share for {other} is of no use, since --groups has no {other}.");
        return Err(Failure::usage(why, "Name groups of the list only."));
    }
    policy.shared_groups = Some(groups);
    Ok(())
}

/// Versions without a suite cannot be spoken: offering them would be a promise that cannot be kept.
fn fit_versions(mut policy: Policy) -> Result<Policy, Failure> {
    let suites: Vec<&Suite> = policy.suites.iter().filter_map(|s| Suite::find(*s)).collect();
    let speakable: Vec<_> = policy.versions().into_iter().filter(|v| suites.iter().any(|s| s.fits(*v))).collect();
    let (Some(newest), Some(oldest)) = (speakable.first(), speakable.last()) else {
        let (min, max) = (policy.min_version, policy.max_version);
        let where_ = if min == max { format!("in {min}") } else { format!("from {min} to {max}") };
        let why = format!("none of the suites exists {where_}.");
        return Err(Failure::usage(why, "Choose other suites with --suites, or other versions."));
    };
    (policy.min_version, policy.max_version) = (*oldest, *newest);
    policy.suites.retain(|s| Suite::find(*s).is_some_and(|s| speakable.iter().any(|v| s.fits(*v))));
    Ok(policy)
}

/// A protocol list: names of 1 to 255 bytes.
pub(crate) fn protocols(list: &str) -> Result<Vec<Vec<u8>>, Failure> {
    items(list, "--alpn")?
        .map(|name| match name.len() {
            1..=255 => Ok(name.as_bytes().to_vec()),
            _ => Err(Failure::usage("a protocol's name has 1 to 255 bytes.", "")),
        })
        .collect()
}

/// How certificates are compressed.
pub(crate) fn compression(list: Option<&str>) -> Result<Option<Arc<Compression>>, Failure> {
    let Some(list) = list else { return Ok(None) };
    let known = || -> [Arc<dyn Algorithm>; 2] { [Arc::new(Brotli), Arc::new(Zlib)] };
    let mut chosen = Vec::new();
    for name in items(list, "--cert-compression")? {
        let found = known().into_iter().find(|a| a.number().name().is_some_and(|n| n.eq_ignore_ascii_case(name)));
        let all = || known().iter().filter_map(|a| a.number().name()).collect();
        chosen.push(found.ok_or_else(|| lacking(name, "certificate compression", all()))?);
    }
    Ok(Some(Arc::new(Compression::new(chosen))))
}

const VERSIONS: &[(&str, ProtocolVersion)] = &[
    ("ssl3", ProtocolVersion::SSL3_0),
    ("tls1.0", ProtocolVersion::TLS1_0),
    ("tls1.1", ProtocolVersion::TLS1_1),
    ("tls1.2", ProtocolVersion::TLS1_2),
    ("tls1.3", ProtocolVersion::TLS1_3),
];

/// The version of this name, if the policy has it.
pub(crate) fn version(name: &str, policy: &Policy) -> Result<ProtocolVersion, Failure> {
    let Some((_, version)) = VERSIONS.iter().find(|(n, _)| n.eq_ignore_ascii_case(name)) else {
        let all: Vec<_> = VERSIONS.iter().map(|(n, _)| *n).collect();
        return Err(Failure::usage(
            format!("there is no version called \"{name}\"."),
            format!("There are: {}.", all.join(", ")),
        ));
    };
    if speaks(policy, *version) {
        return Ok(*version);
    }
    if let Some(wider) = policies().find(|p| speaks(p, *version)) {
        return Err(outside("version", &version.to_string(), policy, &wider));
    }
    let here = VERSIONS.iter().filter(|(_, v)| policies().any(|p| speaks(&p, *v))).map(|(n, _)| *n);
    Err(lacking(&version.to_string(), "version", here.collect()))
}

/// Whether a policy allows a version, and has a suite for it.
fn speaks(policy: &Policy, version: ProtocolVersion) -> bool {
    policy.versions().contains(&version)
        && policy.suites.iter().filter_map(|s| Suite::find(*s)).any(|s| s.fits(version))
}

/// What stands in lists: a registry's numbers, of which a policy has some.
trait Listed: Copy + PartialEq + 'static {
    /// What one is called, and its flag.
    const WHAT: (&'static str, &'static str);
    fn name(self) -> Option<&'static str>;
    /// The one of this name, whether it is spoken or not.
    fn named(name: &str) -> Option<Self>;
    /// Those of a policy.
    fn of(policy: &Policy) -> &[Self];
    /// The strictest policy under which it may be had by whoever names it, if it is in none.
    fn by_name(self) -> Option<&'static str>;
    /// Why it is never spoken, if that is known of it.
    fn never(self) -> Option<String>;
}

/// What encrypts nothing.
fn null(suite: CipherSuite) -> Option<&'static str> {
    Suite::find(suite).filter(|s| matches!(s.bulk, BulkCipher::Null(_))).map(|_| "museum")
}

/// What costs more than any client should have a server pay.
fn costly(group: NamedGroup) -> Option<&'static str> {
    [NamedGroup::FFDHE6144, NamedGroup::FFDHE8192].contains(&group).then_some("compatible")
}

/// Some suites are known by name alone.
fn never(suite: CipherSuite) -> Option<String> {
    NeverSpoken::of(suite).map(|family| format!("It is of the {}, {}.", family.name(), family.why()))
}

macro_rules! listed {
    ($($ty:ident, $field:ident, $what:literal, $flag:literal, $by_name:expr, $never:expr;)*) => { $(
        impl Listed for $ty {
            const WHAT: (&'static str, &'static str) = ($what, $flag);
            fn name(self) -> Option<&'static str> {
                $ty::name(self)
            }
            fn named(name: &str) -> Option<Self> {
                Self::NAMED.iter().copied().find(|t| t.name().is_some_and(|n| n.eq_ignore_ascii_case(name)))
            }
            fn of(policy: &Policy) -> &[Self] {
                &policy.$field
            }
            fn by_name(self) -> Option<&'static str> {
                $by_name(self)
            }
            fn never(self) -> Option<String> {
                $never(self)
            }
        }
    )* };
}
listed! {
    CipherSuite, suites, "cipher suite", "--suites", null, never;
    NamedGroup, groups, "group", "--groups", costly, |_| None;
    SignatureScheme, schemes, "signature scheme", "--schemes", |_| None, |_| None;
}

/// Puts the list, if there is one, in the place of what the policy has.
fn choose<T: Listed>(field: &mut Vec<T>, list: Option<&str>, policy: &Policy) -> Result<(), Failure> {
    if let Some(list) = list {
        *field = chosen(list, T::WHAT.1, policy)?;
    }
    Ok(())
}

/// Those of the policy that a flag's list names, each once.
fn chosen<T: Listed>(list: &str, flag: &str, policy: &Policy) -> Result<Vec<T>, Failure> {
    let mut chosen = Vec::new();
    for name in items(list, flag)? {
        let one = find::<T>(name, policy)?;
        if !chosen.contains(&one) {
            chosen.push(one);
        }
    }
    Ok(chosen)
}

fn find<T: Listed>(name: &str, policy: &Policy) -> Result<T, Failure> {
    let has = |p: &Policy| T::of(p).iter().copied().find(|t| t.name().is_some_and(|n| n.eq_ignore_ascii_case(name)));
    if let Some(one) = has(policy) {
        return Ok(one);
    }
    let place = |name: &str| Policy::NAMES.iter().position(|n| *n == name);
    match T::named(name).and_then(|one| Some((one, Policy::named(one.by_name()?)?))) {
        Some((one, from)) if place(policy.name) >= place(from.name) => return Ok(one),
        Some((_, from)) => return Err(outside(T::WHAT.0, name, policy, &from)),
        None => {}
    }
    if let Some(wider) = policies().find(|p| has(p).is_some()) {
        return Err(outside(T::WHAT.0, name, policy, &wider));
    }
    if let Some(why) = T::named(name).and_then(T::never) {
        return Err(Failure::usage(format!("{name} is never spoken here."), why));
    }
    let here: Vec<&str> = T::of(policy).iter().filter_map(|t| t.name()).collect();
    let what = T::WHAT.0;
    let remedy = format!("The policy {} has: {}.", policy.name, here.join(", "));
    Err(Failure::usage(format!("this build speaks no {what} called {name}."), remedy))
}

/// Every named policy, the strictest first.
fn policies() -> impl Iterator<Item = Policy> {
    Policy::NAMES.iter().filter_map(|n| Policy::named(n))
}

fn outside(what: &str, name: &str, policy: &Policy, wider: &Policy) -> Failure {
    Failure::usage(
        format!("the {what} {name} is outside of the policy {}.", policy.name),
        format!("The policy {} has it: --policy {}.", wider.name, wider.name),
    )
}

fn lacking(name: &str, what: &str, here: Vec<&str>) -> Failure {
    Failure::usage(format!("this build speaks no {what} called {name}."), format!("There are: {}.", here.join(", ")))
}

fn items<'l>(list: &'l str, flag: &str) -> Result<impl Iterator<Item = &'l str>, Failure> {
    if list.split(',').any(|i| i.trim().is_empty()) {
        return Err(Failure::usage(
            format!("{flag} has an empty place."),
            "Write names with a comma between, and no more.",
        ));
    }
    Ok(list.split(',').map(str::trim))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exit::Code;

    fn with(policy: Policy, f: impl FnOnce(&mut Within)) -> Result<Policy, Failure> {
        let mut wanted = Within::default();
        f(&mut wanted);
        within(policy, &wanted)
    }
    fn sentence(result: Result<Policy, Failure>) -> String {
        let failure = result.expect_err("a usage error");
        assert_eq!(failure.code, Code::Usage);
        format!("{} {}", failure.explanation.why, failure.explanation.remedy)
    }

    #[test]
    fn order_is_preference_and_case_is_not() {
        let p = with(Policy::default(), |w| w.groups = Some("X25519, secp256r1,x25519".into())).expect("within");
        assert_eq!(p.groups, [NamedGroup::X25519, NamedGroup::SECP256R1]);
        let p = with(Policy::modern(), |w| {
            w.suites = Some("TLS_CHACHA20_POLY1305_SHA256,TLS_AES_128_GCM_SHA256".into());
        });
        let wanted = [CipherSuite::TLS_CHACHA20_POLY1305_SHA256, CipherSuite::TLS_AES_128_GCM_SHA256];
        assert_eq!(p.expect("within").suites, wanted);
    }

    #[test]
    fn what_lies_outside_names_the_policy_that_has_it() {
        let said = sentence(with(Policy::default(), |w| w.suites = Some("TLS_RSA_WITH_AES_128_CBC_SHA".into())));
        assert!(said.contains("outside of the policy default") && said.contains("--policy compatible"), "{said}");
        let said = sentence(with(Policy::default(), |w| w.min_version = Some("tls1.0".into())));
        assert!(said.contains("--policy legacy"), "{said}");
        let said = sentence(with(Policy::modern(), |w| w.max_version = Some("tls1.2".into())));
        assert!(said.contains("--policy default"), "{said}");
        let said = sentence(with(Policy::default(), |w| w.schemes = Some("rsa_pkcs1_sha1".into())));
        assert!(said.contains("--policy legacy"), "{said}");
    }

    #[test]
    fn what_this_build_lacks_lists_what_there_is() {
        let said = sentence(with(Policy::compatible(), |w| w.suites = Some("TLS_WITHOUT_A_NAME".into())));
        assert!(said.contains("TLS_AES_128_GCM_SHA256") && said.contains("TLS_RSA_WITH_AES_128_CBC_SHA"), "{said}");
        assert!(!said.contains("RC4"), "of this policy only: {said}");
        let said = sentence(with(Policy::default(), |w| w.suites = Some("tls_dh_anon_with_aes_128_cbc_sha".into())));
        assert!(said.contains("never spoken here") && said.contains("anonymous suites, in which nobody"), "{said}");
        let big = with(Policy::legacy(), |w| w.groups = Some("ffdhe8192".into())).expect("by name");
        assert_eq!(big.groups, [NamedGroup::FFDHE8192]);
        let said = sentence(with(Policy::default(), |w| w.groups = Some("ffdhe8192".into())));
        assert!(said.contains("--policy compatible"), "{said}");
        let said = sentence(with(Policy::default(), |w| w.groups = Some("x448".into())));
        assert!(said.contains("X25519MLKEM768"), "{said}");
        let said = sentence(with(Policy::default(), |w| w.min_version = Some("tls9".into())));
        assert!(said.contains("tls1.3"), "{said}");
    }

    #[test]
    fn what_encrypts_nothing_must_be_named_and_the_policy_too() {
        let name = || Some("TLS_RSA_WITH_NULL_SHA256".into());
        assert!(Policy::museum().suites.iter().all(|s| null(*s).is_none()));
        let said = sentence(with(Policy::legacy(), |w| w.suites = name()));
        assert!(said.contains("--policy museum"), "{said}");
        let p = with(Policy::museum(), |w| w.suites = name()).expect("named");
        assert_eq!(p.suites, [CipherSuite::TLS_RSA_WITH_NULL_SHA256]);
    }

    #[test]
    fn versions_and_suites_must_meet() {
        let said = sentence(with(Policy::default(), |w| {
            w.max_version = Some("tls1.2".into());
            w.suites = Some("TLS_AES_128_GCM_SHA256".into());
        }));
        assert!(said.contains("TLS 1.2"), "{said}");
        let only12 = with(Policy::default(), |w| w.suites = Some("TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256".into()));
        assert_eq!(only12.expect("within").max_version, ProtocolVersion::TLS1_2);
        sentence(with(Policy::default(), |w| {
            w.min_version = Some("tls1.3".into());
            w.max_version = Some("tls1.2".into());
        }));
        sentence(with(Policy::default(), |w| w.groups = Some("x25519,,secp256r1".into())));
    }

    #[test]
    fn compression_is_named() {
        use handfast::wire::numbers::CertificateCompressionAlgorithm as A;
        let numbers = |list| compression(Some(list)).expect("known").expect("some").numbers();
        assert_eq!(numbers("zlib, Brotli"), [A::ZLIB, A::BROTLI]);
        assert_eq!(numbers("brotli,brotli"), [A::BROTLI]);
        assert!(compression(None).expect("nothing to refuse").is_none());
        for (list, said) in
            [("zstd", "brotli, zlib"), ("zlib,,brotli", "--cert-compression"), ("", "--cert-compression")]
        {
            let failure = compression(Some(list)).expect_err("a usage error");
            assert_eq!(failure.code, Code::Usage);
            let e = failure.explanation;
            assert!(format!("{} {}", e.why, e.remedy).contains(said), "{list}: {} {}", e.why, e.remedy);
        }
    }

    #[test]
    fn protocols_have_names() {
        assert_eq!(protocols("h2, http/1.1").expect("two"), [b"h2".to_vec(), b"http/1.1".to_vec()]);
        assert!(protocols("").is_err());
        assert!(protocols(&"x".repeat(256)).is_err());
    }
}
