//! What a server chooses: suite, certificate, group and scheme; and whether it resumes a session.

use super::super::Flow;
use super::super::answer::Chosen;
use super::Rules;
use super::key_exchange::{Over, fields, is_curve, is_field, proves};
use crate::crypto::{Credential, DhGroup, KeyKind, Provider, Suite};
use crate::error::{Error, ErrorKind, NothingInCommon};
use crate::keys::Secret;
use crate::session::{ServerSession, ServerSessionKind, context};
use crate::trace::Verdict;
use crate::verify::{self, allows, signed_by};
use crate::wire::CipherSuite;
use crate::wire::numbers::{NamedGroup, SignatureScheme};
use std::collections::HashSet;
use std::sync::Arc;

/// A suite, and what serves it.
pub(super) struct Choice {
    pub(super) suite: &'static Suite,
    /// The credential that proves the server, unless a pre-shared key does.
    pub(super) credential: Option<Arc<Credential>>,
    /// How the server signs its half of the exchange, if it does.
    pub(super) scheme: Option<SignatureScheme>,
    /// Over what keys are made for this handshake.
    pub(super) over: Over,
}

/// Chooses the first suite, in the order of whoever's preference counts, for which all that it needs is there.
pub(super) fn choose(
    flow: &Flow<'_>,
    chosen: &Chosen,
    rules: &'static Rules,
    encrypt_then_mac: bool,
) -> Result<Choice, Error> {
    let (config, summary) = (&chosen.config, &chosen.summary);
    let safe = |s: &&'static Suite| encrypt_then_mac || s.opens_in_constant_time();
    let proven = |s: &&'static Suite| {
        (!s.key_exchange.has_psk() || config.psks.is_some())
            && (!s.key_exchange.has_certificate() || !chosen.candidates.is_empty())
    };
    let speakable = config.policy.suites.iter().filter_map(|s| speakable(flow, rules, *s));
    let ours: Vec<&'static Suite> = speakable.filter(safe).filter(proven).collect();
    let common: Vec<&'static Suite> = match config.policy.server_preference {
        true => ours.iter().copied().filter(|s| summary.suites.contains(&s.number)).collect(),
        false => {
            let known = |n: &CipherSuite| ours.iter().copied().find(|s| s.number == *n);
            // Each once, however often the client says it.
            let mut seen = HashSet::new();
            summary.suites.iter().filter(|n| seen.insert(**n)).filter_map(known).collect()
        }
    };
    let choosing = Choosing::new(flow, chosen, rules, &ours);
    // Where there is a choice and the client says what it can verify in certificates, that goes first (RFC 5246 7.4.2, RFC 9846 4.3.3).
    if chosen.candidates.len() > 1
        && !summary.in_certificates().is_empty()
        && let Some(choice) = common.iter().find_map(|suite| choosing.serve(suite, Strict::Chain).ok())
    {
        return Ok(choice);
    }
    // A certificate whose keyUsage allows what its key is to do goes before one that does not, which many clients take all the same.
    if let Some(choice) = common.iter().find_map(|suite| choosing.serve(suite, Strict::Usage).ok()) {
        return Ok(choice);
    }
    // What a suite lacks says more than that no certificate is for another; and that a field is lacking has an alert of its own.
    let mut why = choosing.no_suite();
    if common.is_empty()
        && let Some(suite) = left_out(flow, chosen, rules, &proven)
    {
        why = NothingInCommon::EncryptThenMac(suite);
    }
    for suite in common {
        match choosing.serve(suite, Strict::Not) {
            Ok(choice) => return Ok(choice),
            Err(nothing @ NothingInCommon::Field { .. }) => why = nothing,
            Err(nothing) if matches!(why, NothingInCommon::Suite { .. }) => why = nothing,
            Err(_) => {}
        }
    }
    Err(why.into())
}

/// A suite of both sides' that is left out only because the client does not offer encrypt-then-MAC.
fn left_out(
    flow: &Flow<'_>,
    chosen: &Chosen,
    rules: &Rules,
    proven: &dyn Fn(&&'static Suite) -> bool,
) -> Option<CipherSuite> {
    let ours = chosen.config.policy.suites.iter().filter_map(|s| speakable(flow, rules, *s)).filter(proven);
    let mut left_out = ours.filter(|s| !s.opens_in_constant_time()).map(|s| s.number);
    left_out.find(|s| chosen.summary.suites.contains(s))
}

/// What a choice goes by.
struct Choosing<'c> {
    chosen: &'c Chosen,
    provider: &'c dyn Provider,
    /// The suites that could be spoken.
    ours: &'c [&'static Suite],
    /// Those of signatures, theirs and what of ours they have.
    their_schemes: Vec<SignatureScheme>,
    schemes: Vec<SignatureScheme>,
}

impl<'c> Choosing<'c> {
    fn new(flow: &'c Flow<'_>, chosen: &'c Chosen, rules: &Rules, ours: &'c [&'static Suite]) -> Self {
        let provider = &*flow.shared.provider;
        let their_schemes = rules.theirs(chosen.summary.schemes.iter().copied());
        let mut schemes = rules.ours(chosen.config.policy.signs_with(), provider);
        schemes.retain(|s| their_schemes.contains(s));
        Self { chosen, provider, ours, their_schemes, schemes }
    }

    fn no_suite(&self) -> NothingInCommon {
        NothingInCommon::suite(self.chosen.summary.suites.iter().copied(), self.ours)
    }

    /// All that this suite needs, or what of it is not there.
    fn serve(&self, suite: &'static Suite, strict: Strict) -> Result<Choice, NothingInCommon> {
        let exchange = suite.key_exchange;
        if !exchange.has_certificate() {
            return Ok(Choice { suite, credential: None, scheme: None, over: self.over(suite, None)? });
        }
        let fitting = self.fitting(suite, strict)?;
        let over = self.over(suite, fitting.first().copied())?;
        let (credential, scheme) = match exchange.is_signed() {
            false => (*fitting.iter().find(|c| c.key.decrypts()).ok_or_else(|| self.no_suite())?, None),
            true => {
                let signs = |c: &&'c Arc<Credential>| Some((*c, Some(c.classic_scheme_among(&self.schemes)?)));
                fitting.iter().find_map(signs).ok_or_else(|| NothingInCommon::Scheme {
                    theirs: self.their_schemes.clone(),
                    ours: fitting.iter().flat_map(|c| c.key.classic_schemes().iter().copied()).collect(),
                })?
            }
        };
        Ok(Choice { suite, credential: Some(credential.clone()), scheme, over })
    }

    /// The certificates whose keys can prove the server in this suite; one at least.
    fn fitting(&self, suite: &Suite, strict: Strict) -> Result<Vec<&'c Arc<Credential>>, NothingInCommon> {
        let summary = &self.chosen.summary;
        let proving = || self.chosen.candidates.iter().filter(|c| proves(c.kind(), suite)).map(|c| (c, curve(c)));
        let allowed =
            |c: Option<NamedGroup>| summary.groups.is_empty() || c.is_none_or(|c| summary.groups.contains(&c));
        let may = |c: &Credential| match strict {
            Strict::Not => true,
            Strict::Usage => allows(&c.chain, suite.key_exchange),
            Strict::Chain => allows(&c.chain, suite.key_exchange) && signed_by(&c.chain, summary.in_certificates()),
        };
        let fitting: Vec<_> = proving().filter(|(c, curve)| allowed(*curve) && may(c)).map(|(c, _)| c).collect();
        if !fitting.is_empty() {
            return Ok(fitting);
        }
        let curves: Vec<_> = proving().map(|(_, curve)| curve).collect();
        match curves.is_empty() || curves.iter().any(|c| allowed(*c)) {
            true => Err(self.no_suite()),
            false => Err(NothingInCommon::Group {
                theirs: summary.groups.clone(),
                ours: curves.into_iter().flatten().collect(),
            }),
        }
    }

    /// Over what this suite makes keys. `own` is what proves the server: a field is to be as strong as its key.
    fn over(&self, suite: &Suite, own: Option<&Arc<Credential>>) -> Result<Over, NothingInCommon> {
        match suite.key_exchange {
            exchange if exchange.has_ecdhe() => self.curve().map(Over::Curve),
            exchange if exchange.has_dhe() => self.field(own).map(Over::Field),
            _ => Ok(Over::Nothing),
        }
    }

    fn curve(&self) -> Result<NamedGroup, NothingInCommon> {
        let policy = &self.chosen.config.policy;
        let ours = self.ours(is_curve);
        // A client that lists no groups leaves them to the server; P-256 is what such clients have (RFC 8422 4).
        let theirs = match self.chosen.summary.groups.as_slice() {
            [] => &[NamedGroup::SECP256R1],
            listed => listed,
        };
        let group = match policy.server_preference {
            true => ours.iter().find(|g| theirs.contains(g)),
            false => theirs.iter().find(|g| ours.contains(g)),
        };
        group.copied().ok_or_else(|| NothingInCommon::Group { theirs: theirs.to_vec(), ours })
    }

    /// A client that lists no field does not know that they have names, and gets the one that is for such (RFC 7919 4).
    fn field(&self, own: Option<&Arc<Credential>>) -> Result<DhGroup, NothingInCommon> {
        let (config, summary) = (&self.chosen.config, &self.chosen.summary);
        let theirs: Vec<_> = summary.groups.iter().copied().filter(|g| is_field(*g)).collect();
        if theirs.is_empty() {
            return Ok(config.dh_group.clone());
        }
        let strength = own.and_then(|c| c.spki()).and_then(verify::rsa_bits).unwrap_or(0);
        fields::choose(&theirs, &self.ours(is_field), config.policy.server_preference, strength)
    }

    fn ours(&self, which: fn(NamedGroup) -> bool) -> Vec<NamedGroup> {
        let spoken = |g: &NamedGroup| which(*g) && self.provider.groups().contains(g);
        self.chosen.config.policy.groups.iter().copied().filter(spoken).collect()
    }
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
pub(crate) struct Resumption {
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

/// Whether a session is resumed, or why not: it must be young, of this version, for this name, made under the like of this config, and its suite
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
) -> Result<Result<Resumption, Verdict>, Error> {
    let (config, summary) = (&chosen.config, &chosen.summary);
    let Some(session) = found.as_ref().and_then(ServerSession::decode) else { return Ok(Err(Verdict::Unknown)) };
    let ServerSessionKind::Classic { master, extended_master_secret, encrypt_then_mac } = &session.kind else {
        return Ok(Err(Verdict::OtherVersion));
    };
    // Without it there must be new keys at least.
    if *encrypt_then_mac && !client.encrypt_then_mac {
        return Ok(Err(Verdict::NoEncryptThenMac));
    }
    let hindrance = match () {
        () if session.version != rules.version => Some(Verdict::OtherVersion),
        () if session.server_name != summary.server_name => Some(Verdict::OtherName),
        () => session.hindrance(config, &context(config), flow.now),
    };
    if let Some(verdict) = hindrance {
        return Ok(Err(verdict));
    }
    let suite = speakable(flow, rules, session.suite)
        .filter(|s| config.policy.suites.contains(&s.number) && summary.suites.contains(&s.number));
    let Some(suite) = suite else { return Ok(Err(Verdict::OtherSuite)) };
    match (*extended_master_secret, client.extended_master_secret) {
        (true, false) => {
            Err(ErrorKind::InsufficientSecurity("the extended_master_secret of the session resumed").into())
        }
        (false, true) => Ok(Err(Verdict::NoExtendedMasterSecret)),
        (false, false) if config.policy.require_extended_master_secret => Ok(Err(Verdict::NoExtendedMasterSecret)),
        _ => {
            let master = master.clone();
            Ok(Ok(Resumption { suite, master, session }))
        }
    }
}
