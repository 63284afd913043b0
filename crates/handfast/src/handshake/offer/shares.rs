//! A client's shares: for which groups, and the key pairs behind them (RFC 9846 4.3.8).

use super::super::Flow;
use crate::crypto::KeyExchange;
use crate::error::Error;
use crate::extension::KeyShareEntry;
use crate::policy::Policy;
use crate::wire::Opaque;
use crate::wire::numbers::NamedGroup;
use std::borrow::Cow;

/// The groups that shares are sent for: those that the policy names, or the first ones. One that the server chose when it was last
/// met takes the place of the last of them, never that of the first unless it is the only one: so a server that has learnt a better
/// group is still offered it.
pub(super) fn groups<'g>(groups: &'g [NamedGroup], policy: &Policy, last: Option<NamedGroup>) -> Cow<'g, [NamedGroup]> {
    if let Some(chosen) = &policy.shared_groups {
        return Cow::Owned(groups.iter().copied().filter(|g| chosen.contains(g)).collect());
    }
    let first = groups.get(..policy.key_shares).unwrap_or(groups);
    match last.filter(|g| groups.contains(g) && !first.contains(g)) {
        None => Cow::Borrowed(first),
        Some(group) => {
            let mut shared = first.to_vec();
            if let Some(place) = shared.last_mut() {
                *place = group;
            }
            Cow::Owned(shared)
        }
    }
}

/// Key pairs for these groups; the elliptic half of a hybrid before it serves for a curve too.
pub(super) fn start(flow: &Flow<'_>, groups: &[NamedGroup]) -> Result<Vec<Box<dyn KeyExchange>>, Error> {
    let mut out: Vec<Box<dyn KeyExchange>> = Vec::new();
    for group in groups {
        if share_of(&out, *group).is_none() {
            out.push(flow.shared.provider.start(*group)?);
        }
    }
    Ok(out)
}

/// The shares of these groups, one each (RFC 9846 4.3.8), in order of preference.
pub(super) fn entries<'s>(shares: &'s [Box<dyn KeyExchange>], groups: &[NamedGroup]) -> Vec<KeyShareEntry<'s>> {
    let entry = |group: &NamedGroup| Some((*group, share_of(shares, *group)?));
    groups.iter().filter_map(entry).map(|(group, share)| KeyShareEntry { group, key_exchange: Opaque(share) }).collect()
}

fn share_of(shares: &[Box<dyn KeyExchange>], group: NamedGroup) -> Option<&[u8]> {
    let own = shares.iter().find(|x| x.group() == group).map(|x| x.share());
    let mut parts = shares.iter().filter_map(|x| x.hybrid_part());
    own.or_else(|| parts.find(|(part, _)| *part == group).map(|(_, share)| share))
}
