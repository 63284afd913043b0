//! What a server chooses: suite, certificate, group and scheme; and whether it resumes a session.

use super::super::Flow;
use super::super::answer::Chosen;
use super::Rules;
use super::key_exchange::{is_curve, proves};
use crate::crypto::{Credential, KeyExchangeKind, KeyKind, Suite};
use crate::error::{Error, ErrorKind, NothingInCommon};
use crate::keys::Secret;
use crate::session::{ServerSession, ServerSessionKind, context};
use crate::verify::{self, allows, signed_by};
use crate::wire::CipherSuite;
use crate::wire::numbers::{NamedGroup, SignatureScheme};
use std::collections::HashSet;
use std::sync::Arc;

/// A suite, and the credential that serves it.
pub(super) struct Choice {
    pub(super) suite: &'static Suite,
    pub(super) credential: Arc<Credential>,
    pub(super) plan: Plan,
}

/// How the server proves itself and exchanges keys.
#[derive(Clone, Copy, Debug)]
pub(super) enum Plan {
    /// By decrypting what the client sends.
    Rsa,
    /// By signing its half of an exchange over this group.
    Ecdhe { group: NamedGroup, scheme: SignatureScheme },
}

/// Chooses the first suite, in the order of whoever's preference counts, for which all that it needs is there.
pub(super) fn choose(
    flow: &Flow<'_>,
    chosen: &Chosen,
    rules: &'static Rules,
    encrypt_then_mac: bool,
) -> Result<Choice, Error> {
    let (policy, summary, provider) = (&chosen.config.policy, &chosen.summary, &flow.shared.provider);
    let safe = |s: &&'static Suite| encrypt_then_mac || s.opens_in_constant_time();
    let ours: Vec<&'static Suite> =
        policy.suites.iter().filter_map(|s| speakable(flow, rules, *s)).filter(safe).collect();
    let common: Vec<&'static Suite> = match policy.server_preference {
        true => ours.iter().copied().filter(|s| summary.suites.contains(&s.number)).collect(),
        false => {
            let known = |n: &CipherSuite| ours.iter().copied().find(|s| s.number == *n);
            // Each once, however often the client says it.
            let mut seen = HashSet::new();
            summary.suites.iter().filter(|n| seen.insert(**n)).filter_map(known).collect()
        }
    };

    let curves = |list: &[NamedGroup]| list.iter().copied().filter(|g| is_curve(*g)).collect::<Vec<_>>();
    let our_groups: Vec<_> = curves(&policy.groups).into_iter().filter(|g| provider.groups().contains(g)).collect();
    // A client that lists no groups leaves them to the server; P-256 is what such clients have (RFC 8422 4).
    let their_groups = match summary.groups.is_empty() {
        true => vec![NamedGroup::SECP256R1],
        false => summary.groups.clone(),
    };
    let group = match policy.server_preference {
        true => our_groups.iter().find(|g| their_groups.contains(g)),
        false => their_groups.iter().find(|g| our_groups.contains(g)),
    };
    let their_schemes = rules.theirs(summary.schemes.iter().copied());
    let mut schemes = rules.ours(policy.signs_with(), &**provider);
    schemes.retain(|s| their_schemes.contains(s));

    let no_suite = || NothingInCommon::suite(summary.suites.iter().copied(), &ours);
    let several = chosen.candidates.len() > 1;
    let serve = |suite: &'static Suite, strict: Strict| -> Result<Choice, NothingInCommon> {
        let proves = |c: &&Arc<Credential>| proves(c.kind(), suite);
        let curves: Vec<_> = chosen.candidates.iter().filter(proves).map(|c| curve(c)).collect();
        let allowed =
            |c: &Option<NamedGroup>| summary.groups.is_empty() || c.is_none_or(|c| summary.groups.contains(&c));
        if !curves.is_empty() && !curves.iter().any(allowed) {
            return Err(NothingInCommon::Group {
                theirs: summary.groups.clone(),
                ours: curves.into_iter().flatten().collect(),
            });
        }
        let fitting = || {
            let pairs = chosen.candidates.iter().filter(proves).zip(&curves);
            let may = |c: &Credential| match strict {
                Strict::Not => true,
                Strict::Usage => allows(&c.chain, suite.key_exchange),
                Strict::Chain => allows(&c.chain, suite.key_exchange) && signed_by(&c.chain, summary.in_certificates()),
            };
            pairs.filter(move |(c, curve)| allowed(curve) && may(c)).map(|(credential, _)| credential)
        };
        let (credential, plan) = match suite.key_exchange {
            KeyExchangeKind::Rsa => (fitting().find(|c| c.key.decrypts()).ok_or_else(no_suite)?, Plan::Rsa),
            KeyExchangeKind::Ecdhe => {
                fitting().next().ok_or_else(no_suite)?;
                let group = *group
                    .ok_or_else(|| NothingInCommon::Group { theirs: their_groups.clone(), ours: our_groups.clone() })?;
                let signs = |c: &'_ Arc<Credential>| c.classic_scheme_among(&schemes);
                let found = fitting().find_map(|c| signs(c).map(|scheme| (c, Plan::Ecdhe { group, scheme })));
                found.ok_or_else(|| NothingInCommon::Scheme {
                    theirs: their_schemes.clone(),
                    ours: fitting().flat_map(|c| c.key.classic_schemes().iter().copied()).collect(),
                })?
            }
            _ => return Err(no_suite()),
        };
        Ok(Choice { suite, credential: credential.clone(), plan })
    };
    // Where there is a choice and the client says what it can verify in certificates, that goes first (RFC 5246 7.4.2, RFC 9846 4.3.3).
    if several
        && !summary.in_certificates().is_empty()
        && let Some(choice) = common.iter().find_map(|suite| serve(suite, Strict::Chain).ok())
    {
        return Ok(choice);
    }
    // A certificate whose keyUsage allows what its key is to do goes before one that does not, which many clients take all the same.
    if let Some(choice) = common.iter().find_map(|suite| serve(suite, Strict::Usage).ok()) {
        return Ok(choice);
    }
    // What a suite lacks says more than that no certificate is for another.
    let mut why = no_suite();
    for suite in common {
        match serve(suite, Strict::Not) {
            Ok(choice) => return Ok(choice),
            Err(nothing) if matches!(why, NothingInCommon::Suite { .. }) => why = nothing,
            Err(_) => {}
        }
    }
    Err(why.into())
}

/// What a certificate must be, beside one that can be used.
#[derive(Clone, Copy)]
enum Strict {
    Not,
    /// Its keyUsage allows what its key is to do.
    Usage,
    /// And the client can verify all signatures in its chain.
    Chain,
}

/// The curve of an ECDSA certificate's key. A client's list of groups is for these too (RFC 8422 5.1, 5.3).
fn curve(credential: &Credential) -> Option<NamedGroup> {
    match credential.kind() {
        KeyKind::Ecdsa => credential.spki().and_then(verify::curve_of),
        KeyKind::Rsa | KeyKind::RsaPss | KeyKind::Ed25519 | KeyKind::MlDsa => None,
    }
}

/// The suite of this number, if it can be spoken by these rules.
fn speakable(flow: &Flow<'_>, rules: &Rules, number: CipherSuite) -> Option<&'static Suite> {
    Suite::find(number).filter(|s| s.fits(rules.version)).filter(|s| s.is_spoken_by(&*flow.shared.provider))
}

/// What a session is resumed with.
pub(super) struct Resumption {
    pub(super) suite: &'static Suite,
    pub(super) master: Secret,
    pub(super) session: ServerSession,
}

/// What a client has that must be as it was when the session was made.
#[derive(Clone, Copy)]
pub(super) struct Agreeable {
    pub(super) extended_master_secret: bool,
    pub(super) encrypt_then_mac: bool,
}

/// Whether a session is resumed: it must be young, of this version, for this name, made under the like of this config, and its suite
/// must still be offered and allowed.
///
/// # Errors
/// If the session has an extended master secret and the client offers none: it must not go on (RFC 7627 5.3).
pub(super) fn resumable(
    flow: &Flow<'_>,
    chosen: &Chosen,
    rules: &Rules,
    client: Agreeable,
    found: Option<Secret>,
) -> Result<Option<Resumption>, Error> {
    let (config, summary) = (&chosen.config, &chosen.summary);
    let Some(session) = found.as_ref().and_then(ServerSession::decode) else { return Ok(None) };
    let ServerSessionKind::Classic { master, extended_master_secret, encrypt_then_mac } = &session.kind else {
        return Ok(None);
    };
    // Without it there must be new keys at least.
    if *encrypt_then_mac && !client.encrypt_then_mac {
        return Ok(None);
    }
    let fits = session.version == rules.version
        && session.server_name == summary.server_name
        && session.usable(config, &context(config), flow.now);
    let suite = speakable(flow, rules, session.suite)
        .filter(|s| config.policy.suites.contains(&s.number) && summary.suites.contains(&s.number));
    let (Some(suite), true) = (suite, fits) else { return Ok(None) };
    match (*extended_master_secret, client.extended_master_secret) {
        (true, false) => {
            Err(ErrorKind::InsufficientSecurity("the extended_master_secret of the session resumed").into())
        }
        (false, true) => Ok(None),
        (false, false) if config.policy.require_extended_master_secret => Ok(None),
        _ => {
            let master = master.clone();
            Ok(Some(Resumption { suite, master, session }))
        }
    }
}
