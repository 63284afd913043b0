//! Protection of records: one state a direction.

use crate::crypto::{Aead, AeadAlgorithm, CbcRecord, Failure, Provider, Suite};
use crate::keys::{Secret, TrafficSecret};

/// Seals records.
pub(crate) enum Sealer {
    Null,
    Todo,
}
/// Opens records.
pub(crate) enum Opener {
    Null,
    Todo,
}

/// The keys of one direction of a classic connection.
pub(crate) struct ClassicKeys<'k> {
    pub(crate) mac: &'k Secret,
    pub(crate) key: &'k Secret,
    pub(crate) iv: &'k Secret,
    /// TLS 1.0's: CBC goes on from the last record's last block.
    pub(crate) implicit_iv: bool,
    /// Send the first byte of application data by itself under implicit IVs (BEAST).
    pub(crate) split: bool,
}

impl Sealer {
    pub(crate) fn classic(_: &dyn Provider, _: &Suite, _: ClassicKeys<'_>) -> Result<Self, Failure> {
        todo!()
    }
    pub(crate) fn tls13(_: &dyn Provider, _: &Suite, _: &TrafficSecret) -> Result<Self, Failure> {
        todo!()
    }
}
impl Opener {
    pub(crate) fn classic(_: &dyn Provider, _: &Suite, _: ClassicKeys<'_>) -> Result<Self, Failure> {
        todo!()
    }
    pub(crate) fn tls13(_: &dyn Provider, _: &Suite, _: &TrafficSecret) -> Result<Self, Failure> {
        todo!()
    }
}
