//! The secrets of a handshake, made and told of: the trace learns how, and the key log what some of them are (RFC 9846 7).

use super::super::{Exporter, Flow, Side};
use crate::crypto::{BulkCipher, Digest, HashAlgorithm, Suite};
use crate::error::Error;
use crate::keys::made::{self, Made, WriteKeys};
use crate::keys::{
    ApplicationSecrets, EarlySecret, EarlyTraffic, HandshakeSecrets, MasterOf13, PskKind, Secret, TrafficSecret,
};
use crate::record::{Aligned, Opener, Sealer};

/// The bytes of an IV (RFC 9846 5.3).
const IV: usize = 12;

/// Early Secret, of a PSK if there is one.
pub(in super::super) fn early_secret(flow: &mut Flow<'_>, hash: HashAlgorithm, psk: Option<&Secret>) -> EarlySecret {
    match psk {
        Some(psk) => {
            flow.made(&made::PSK, psk);
            flow.made_unseen(&made::EARLY.with(made::PSK.name), hash.len());
        }
        None => flow.made_unseen(&made::EARLY, hash.len()),
    }
    EarlySecret::new(flow.provider(), hash, psk)
}

/// The binder of the PSK that this Early Secret is made of.
pub(in super::super) fn binder(
    flow: &mut Flow<'_>,
    secret: &EarlySecret,
    hash: HashAlgorithm,
    kind: PskKind,
    truncated: &Digest,
) -> Digest {
    flow.made_unseen(&kind.binder(), hash.len());
    flow.made_unseen(&made::FINISHED_KEY.from(kind.binder().name), hash.len());
    secret.binder(kind, truncated)
}

/// The secrets under which early data goes. `hello` is the transcript of the ClientHello alone.
pub(super) fn early_traffic(flow: &mut Flow<'_>, secret: &EarlySecret, hello: &Digest) -> EarlyTraffic {
    let traffic = secret.early(hello);
    flow.made(traffic.client.made, &traffic.client.secret);
    flow.made(&made::EARLY_EXPORTER, &traffic.exporter);
    traffic
}

/// The hellos are exchanged, and ServerHello is in the transcript: the handshake's secrets.
pub(super) fn handshake_secrets(
    flow: &mut Flow<'_>,
    suite: &Suite,
    early: EarlySecret,
    shared: Option<&Secret>,
) -> HandshakeSecrets {
    flow.made_unseen(&made::EARLY_DERIVED, suite.hash.len());
    let with = match shared {
        Some(shared) => {
            flow.made(&made::ASYMMETRIC, shared);
            made::ASYMMETRIC.name
        }
        None => "",
    };
    flow.made_unseen(&made::HANDSHAKE.with(with), suite.hash.len());
    let secrets = early.handshake(shared, &flow.now().hash());
    flow.made(secrets.client.made, &secrets.client.secret);
    flow.made(secrets.server.made, &secrets.server.secret);
    secrets
}

/// The server's Finished is in the transcript: the application's secrets, one of which is the exporter's.
pub(super) fn application_secrets(flow: &mut Flow<'_>, suite: &Suite, master: &MasterOf13) -> ApplicationSecrets {
    flow.made_unseen(&made::HANDSHAKE_DERIVED, suite.hash.len());
    flow.made_unseen(&made::MAIN, suite.hash.len());
    let secrets = master.application(&flow.now().hash());
    flow.made(secrets.client.made, &secrets.client.secret);
    flow.made(secrets.server.made, &secrets.server.secret);
    flow.made(&made::EXPORTER, &secrets.exporter);
    flow.shared.exporter = Some(Exporter::Tls13 { secret: secrets.exporter.clone(), hash: suite.hash });
    secrets
}

/// The client's Finished is in the transcript: what tickets are made of.
pub(super) fn resumption_secret(flow: &mut Flow<'_>, master: MasterOf13) -> TrafficSecret {
    let secret = master.resumption(&flow.now().hash());
    flow.made(secret.made, &secret.secret);
    secret
}

/// The PSK of a ticket with this nonce.
pub(super) fn ticket_psk(flow: &mut Flow<'_>, resumption: &TrafficSecret, nonce: &[u8]) -> Secret {
    let psk = resumption.ticket_psk(&*flow.shared.provider, nonce);
    flow.made(&made::TICKET_PSK, &psk);
    psk
}

/// The secret that follows this one after a KeyUpdate.
pub(super) fn next(flow: &mut Flow<'_>, secret: &TrafficSecret) -> TrafficSecret {
    let next = secret.next(&*flow.shared.provider);
    // It is not one that the key log has a label for.
    flow.made(&Made { label: made::UPDATE, from: secret.made.name, log: "", ..*secret.made }, &next.secret);
    next
}

/// The verify_data of a Finished under this secret, over this transcript.
pub(super) fn verify_data(flow: &mut Flow<'_>, base: &TrafficSecret, transcript: &Digest) -> Digest {
    flow.made_unseen(&made::FINISHED_KEY.from(base.made.name), base.hash.len());
    base.verify_data(&*flow.shared.provider, transcript)
}

/// Writes under this secret from here on.
pub(super) fn write_under(flow: &mut Flow<'_>, suite: &Suite, secret: &TrafficSecret) -> Result<(), Error> {
    let keys = Sealer::tls13(&*flow.shared.provider, suite, secret)?;
    let side = flow.shared.side;
    tell_keys(flow, suite, secret, side);
    flow.write_keys(keys, secret.made.name, suite.number)
}

/// Reads under this secret from here on.
pub(super) fn read_under(
    flow: &mut Flow<'_>,
    suite: &Suite,
    secret: &TrafficSecret,
    aligned: Aligned,
) -> Result<(), Error> {
    let keys = Opener::tls13(&*flow.shared.provider, suite, secret)?;
    let side = flow.shared.side.other();
    tell_keys(flow, suite, secret, side);
    flow.read_keys(keys, secret.made.name, suite.number, aligned);
    Ok(())
}

/// What the records of this side are protected with.
fn tell_keys(flow: &mut Flow<'_>, suite: &Suite, secret: &TrafficSecret, side: Side) {
    let WriteKeys { key, iv } = match side {
        Side::Client => made::CLIENT_KEYS,
        Side::Server => made::SERVER_KEYS,
    };
    if let BulkCipher::Aead(aead) = suite.bulk {
        flow.made_unseen(&key.from(secret.made.name), aead.key_len());
        flow.made_unseen(&iv.from(secret.made.name), IV);
    }
}
