//! Prime fields: what a client takes of the server's numbers, and which group a server chooses (RFC 7919).

use super::super::super::Flow;
use crate::crypto::{DhGroup, DhGroupError};
use crate::error::{Error, ErrorKind, NothingInCommon, illegal};
use crate::policy::Policy;
use crate::wire::numbers::NamedGroup;

/// The groups that are prime fields, known here or not (RFC 7919 2).
pub(crate) fn is_field(group: NamedGroup) -> bool {
    (0x0100..=0x01ff).contains(&group.0)
}

/// The server's group, if it is large enough. One that was not offered by name, or has none, is as good as one that was: the server may
/// not know that groups have names (RFC 7919 3).
pub(super) fn read(policy: &Policy, p: &[u8], g: &[u8], ys: &[u8]) -> Result<DhGroup, Error> {
    let group = DhGroup::new(p, g).map_err(|why| match why {
        DhGroupError::Size => illegal("dh_p", "has fewer than 512 or more than 8192 bits", "RFC 7919 3.1"),
        DhGroupError::Even => illegal("dh_p", "is an even number, and no prime", "RFC 5246 7.4.3"),
        DhGroupError::Generator => illegal("dh_g", "does not lie between 1 and dh_p - 1", "RFC 5246 7.4.3"),
    })?;
    let (bits, least) = (group.bits(), policy.min_dh_bits);
    if bits < least {
        return Err(ErrorKind::SmallDhGroup { bits, least }.into());
    }
    if bits > policy.max_dh_bits {
        return Err(illegal("dh_p", "has more bits than the policy's `max_dh_bits` allow", "RFC 7919 3.1"));
    }
    if group.holds(ys) { Ok(group) } else { Err(ErrorKind::BadDhShare.into()) }
}

/// Notes what was agreed on.
pub(super) fn note(flow: &mut Flow<'_>, group: &DhGroup) {
    let negotiated = flow.negotiated();
    negotiated.group = group.name();
    negotiated.dh_bits = u16::try_from(group.bits()).ok();
}

/// The group that a server takes of those that a client lists: the first one, in the order of whoever's preference counts, that is as
/// strong as the server's own key, which has `strength` bits, else the first one (RFC 7919 4).
///
/// # Errors
/// If none of the client's groups is one of ours: then it is to be no group at all.
pub(in super::super) fn choose(
    theirs: &[NamedGroup],
    ours: &[NamedGroup],
    server_preference: bool,
    strength: usize,
) -> Result<DhGroup, NothingInCommon> {
    let (first, second) = if server_preference { (ours, theirs) } else { (theirs, ours) };
    let common = || first.iter().filter(|g| second.contains(g)).filter_map(|g| DhGroup::named(*g));
    let strong = common().find(|g| g.bits() >= strength).or_else(|| common().next());
    strong.ok_or_else(|| NothingInCommon::Field { theirs: theirs.to_vec(), ours: ours.to_vec() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::alert::AlertDescription;

    #[test]
    fn what_a_server_may_send() {
        let policy = Policy::compatible();
        let lowered = Policy { min_dh_bits: 1024, ..policy.clone() };
        let number = |len: usize, high: u8, low: u8| [&[high], &vec![0x55; len - 2][..], &[low]].concat();
        let bounded = Policy { max_dh_bits: 2048, ..policy.clone() };
        let illegal =
            |e: &Error| matches!(e.kind(), ErrorKind::IllegalParameter { field, .. } if field.starts_with("dh_"));
        let named = DhGroup::named(NamedGroup::FFDHE3072).unwrap();
        let (big, small) = (number(256, 0x80, 1), number(128, 0x80, 1));
        for (policy, p, g, ys, good) in [
            (&policy, named.p(), named.g(), &[7][..], true),
            (&policy, &big, &[5], &[0, 0, 7], true),
            (&bounded, &big, &[5], &[7], true),
            (&bounded, &number(257, 1, 1), &[5], &[7], false),
            (&bounded, named.p(), named.g(), &[7], false),
            (&lowered, &small, &[2], &[7], true),
            (&lowered, &number(128, 0x7f, 1), &[2], &[7], false),
            (&policy, &small, &[2], &[7], false),
            (&policy, &number(256, 0x80, 2), &[2], &[7], false),
            (&policy, &number(1025, 1, 1), &[2], &[7], false),
            (&policy, &[0; 300], &[2], &[7], false),
            (&policy, &big, &[1], &[7], false),
            (&policy, &big, &big, &[7], false),
            (&policy, &big, &[2], &[1], false),
            (&policy, &big, &[2], &[0], false),
            (&policy, &big, &[2], &number(256, 0x80, 0), false),
            (&policy, &big, &[2], &big, false),
            (&policy, &big, &[2], &number(257, 1, 0), false),
        ] {
            let read = read(policy, p, g, ys);
            assert_eq!(read.is_ok(), good, "{} {g:?} {}", p.len(), ys.len());
            let Err(error) = read else { continue };
            match error.kind() {
                ErrorKind::SmallDhGroup { bits, least } => {
                    assert!(bits < least && *bits == p.len() * 8 - usize::from(p[0] == 0x7f))
                }
                ErrorKind::BadDhShare => assert!(error.alert() == Some(AlertDescription::HANDSHAKE_FAILURE)),
                _ => assert!(illegal(&error), "{error}"),
            }
        }
    }

    #[test]
    fn the_first_that_is_strong_enough_is_chosen() {
        use NamedGroup as G;
        let all = [G::FFDHE2048, G::FFDHE3072, G::FFDHE4096];
        let back = [G::FFDHE4096, G::FFDHE3072, G::FFDHE2048];
        let name =
            |theirs: &[G], ours: &[G], server, bits| choose(theirs, ours, server, bits).ok().and_then(|g| g.name());
        for (theirs, ours, server, strength, chosen) in [
            (&back[..], &all[..], true, 2048, Some(G::FFDHE2048)),
            (&back, &all, false, 2048, Some(G::FFDHE4096)),
            (&all, &all, true, 3072, Some(G::FFDHE3072)),
            (&[G::FFDHE2048, G::FFDHE4096], &all, true, 3072, Some(G::FFDHE4096)),
            (&all, &back, true, 8192, Some(G::FFDHE4096)),
            (&[G::FFDHE8192], &all, true, 2048, None),
            (&[G(0x01fe)], &all, true, 2048, None),
            (&all, &[], true, 2048, None),
        ] {
            assert_eq!(name(theirs, ours, server, strength), chosen, "{theirs:?} {ours:?}");
        }
        assert!(all.into_iter().all(is_field) && is_field(G(0x01fe)));
        assert!(!is_field(G::X25519) && !is_field(G::MLKEM512) && !is_field(G(0x1a1a)));
    }
}
