//! Tickets: sessions that the client keeps for the server, sealed (RFC 5077, RFC 9846 4.7.1).

use crate::Time;
use crate::keys::Secret;
use crate::wait::Reply;
use aws_lc_rs::aead::{AES_256_GCM, Aad, NONCE_LEN, Nonce, RandomizedNonceKey};
use aws_lc_rs::rand;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use zeroize::{Zeroize, Zeroizing};

/// Seals and opens tickets.
pub trait Tickets: Send + Sync + fmt::Debug {
    /// A ticket and for how many seconds it will open; `None` if there shall be none.
    fn seal(&self, session: &Secret, now: Time) -> Reply<Option<(Vec<u8>, u32)>>;
    /// What was sealed; `None` if unknown, too old or forged.
    fn open(&self, ticket: &[u8], now: Time) -> Reply<Option<Secret>>;
}

/// For how long a key seals: six hours.
const SEALS: Duration = Duration::from_secs(6 * 3600);
/// For how long a ticket opens at least: twelve hours.
const LIFETIME: Duration = Duration::from_secs(12 * 3600);
/// How many tickets a key seals at most: with more, two random nonces might meet (SP 800-38D 8.3).
const MAX_SEALS: u32 = 1 << 31;
/// How many keys are kept at most. Time alone needs four; a key that is used up early takes one more.
const MAX_KEYS: usize = 8;
/// The longest session that is sealed, in bytes: a client's chain is the longest thing in it.
const MAX_SESSION: usize = 16 << 10;
const NAME: usize = 16;
const TAG: usize = 16;

/// Keys that rotate by themselves, as time goes by that is handed in. A key seals for six hours and opens for eighteen, so that
/// a ticket opens for twelve at least. Keys are random and never leave this value: tickets of another process, or of an earlier
/// run, are unknown here, and lead to a full handshake.
///
/// A ticket is the key's name (16 bytes), a random nonce (12), and the session under AES-256-GCM with a tag (16). Sessions over
/// 16 KiB get none.
#[derive(Default)]
pub struct RotatingTickets {
    ring: Mutex<Ring>,
}

#[derive(Default)]
struct Ring {
    /// The one that seals is last.
    keys: Vec<Arc<Key>>,
    /// How many tickets it has sealed.
    sealed: u32,
}

struct Key {
    name: [u8; NAME],
    key: RandomizedNonceKey,
    made: Time,
}

impl Key {
    fn new(now: Time) -> Option<Arc<Self>> {
        let mut name = [0; NAME];
        rand::fill(&mut name).ok()?;
        let bytes = Secret::try_filled(32, rand::fill).ok()?;
        let key = RandomizedNonceKey::new(&AES_256_GCM, bytes.bytes()).ok()?;
        Some(Arc::new(Self { name, key, made: now }))
    }

    /// How long ago it was made; or in how long, if the clock was set back.
    fn age(&self, now: Time) -> Duration {
        self.made.0.abs_diff(now.0)
    }

    fn seal(&self, session: &[u8]) -> Option<Vec<u8>> {
        let mut ticket = Vec::with_capacity(NAME + NONCE_LEN + session.len() + TAG);
        ticket.extend_from_slice(&self.name);
        ticket.extend_from_slice(&[0; NONCE_LEN]);
        ticket.extend_from_slice(session);
        let (head, text) = ticket.split_at_mut(NAME + NONCE_LEN);
        match self.key.seal_in_place_separate_tag(Aad::from(self.name), text) {
            Ok((nonce, tag)) => {
                head[NAME..].copy_from_slice(nonce.as_ref());
                ticket.extend_from_slice(tag.as_ref());
                Some(ticket)
            }
            Err(_) => {
                ticket.zeroize();
                None
            }
        }
    }

    fn open(&self, nonce: [u8; NONCE_LEN], sealed: &[u8]) -> Option<Secret> {
        let mut work = Zeroizing::new(sealed.to_vec());
        let nonce = Nonce::assume_unique_for_key(nonce);
        let session = self.key.open_in_place(nonce, Aad::from(self.name), &mut work).ok()?;
        Some(Secret::copy(session))
    }
}

impl RotatingTickets {
    fn ring(&self) -> MutexGuard<'_, Ring> {
        self.ring.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The key that seals now. When its time is up a new one is made, and those that are too old to open are dropped.
    fn sealing(&self, now: Time) -> Option<Arc<Key>> {
        let mut ring = self.ring();
        let due = ring.keys.last().is_none_or(|k| k.age(now) >= SEALS || ring.sealed >= MAX_SEALS);
        if due {
            let key = Key::new(now)?;
            ring.keys.retain(|k| k.age(now) < SEALS + LIFETIME);
            if ring.keys.len() >= MAX_KEYS {
                ring.keys.remove(0);
            }
            ring.keys.push(key);
            ring.sealed = 0;
        }
        ring.sealed += 1;
        ring.keys.last().cloned()
    }

    /// The key of this name, if it is young enough to open.
    fn opening(&self, name: &[u8; NAME], now: Time) -> Option<Arc<Key>> {
        let ring = self.ring();
        ring.keys.iter().rev().find(|k| k.name == *name && k.age(now) < SEALS + LIFETIME).cloned()
    }
}

impl Tickets for RotatingTickets {
    fn seal(&self, session: &Secret, now: Time) -> Reply<Option<(Vec<u8>, u32)>> {
        if session.bytes().len() > MAX_SESSION {
            return Reply::Now(None);
        }
        let ticket = self.sealing(now).and_then(|key| key.seal(session.bytes()));
        Reply::Now(ticket.map(|t| (t, LIFETIME.as_secs() as u32)))
    }

    fn open(&self, ticket: &[u8], now: Time) -> Reply<Option<Secret>> {
        let open = || {
            let (name, rest) = ticket.split_first_chunk::<NAME>()?;
            let (nonce, sealed) = rest.split_first_chunk::<NONCE_LEN>()?;
            if sealed.len() > MAX_SESSION + TAG {
                return None;
            }
            self.opening(name, now)?.open(*nonce, sealed)
        };
        Reply::Now(open())
    }
}

impl fmt::Debug for RotatingTickets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RotatingTickets({} keys)", self.ring().keys.len())
    }
}
