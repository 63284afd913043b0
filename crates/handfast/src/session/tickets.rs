//! Tickets: sessions that the client keeps for the server, sealed (RFC 5077, RFC 9846 4.7.1).

use crate::Time;
use crate::keys::Secret;
use crate::wait::Reply;
use std::fmt;

/// Seals and opens tickets.
pub trait Tickets: Send + Sync + fmt::Debug {
    /// A ticket and for how many seconds it will open; `None` if there shall be none.
    fn seal(&self, session: &Secret, now: Time) -> Reply<Option<(Vec<u8>, u32)>>;
    /// What was sealed; `None` if unknown, too old or forged.
    fn open(&self, ticket: &[u8], now: Time) -> Reply<Option<Secret>>;
}

/// Keys that rotate by themselves: one seals for a while, and opens for longer.
#[derive(Debug, Default)]
pub struct RotatingTickets {}

impl Tickets for RotatingTickets {
    fn seal(&self, _: &Secret, _: Time) -> Reply<Option<(Vec<u8>, u32)>> {
        todo!()
    }
    fn open(&self, _: &[u8], _: Time) -> Reply<Option<Secret>> {
        todo!()
    }
}
