//! TLS 1.3 (RFC 9846).
//!
//! [`client`] and [`server`] hold one table each; what both sides do alike is here and in [`authentication`].

pub(crate) mod accept;
mod authentication;
mod choice;
pub(crate) mod client;
mod cookie;
pub(crate) mod early;
mod post;
mod retry;
pub(crate) mod server;
#[cfg(test)]
mod tests;
mod traffic;

pub(crate) use traffic::Traffic;

use super::{Exporter, Flow, Side};
use crate::crypto::Suite;
use crate::error::{Error, ErrorKind, illegal};
use crate::extension::{Extension, Extensions};
use crate::keys::{ApplicationSecrets, HandshakeSecrets, MasterOf13, TrafficSecret, label};
use crate::record::{Aligned, Opener, Sealer};
use crate::wire::numbers::{ExtensionType, HandshakeType, SignatureScheme};

/// Seven days in seconds: no ticket lives longer (RFC 9846 4.7.1).
const WEEK: u32 = 604_800;

/// Whether a scheme may sign a TLS 1.3 handshake: RSA with PKCS#1 padding, SHA-1 and what is older are for certificates only
/// (RFC 9846 4.3.3).
fn signs_handshakes(scheme: SignatureScheme) -> bool {
    use SignatureScheme as S;
    matches!(
        scheme,
        S::ECDSA_SECP256R1_SHA256
            | S::ECDSA_SECP384R1_SHA384
            | S::ECDSA_SECP521R1_SHA512
            | S::ED25519
            | S::ED448
            | S::RSA_PSS_RSAE_SHA256
            | S::RSA_PSS_RSAE_SHA384
            | S::RSA_PSS_RSAE_SHA512
            | S::RSA_PSS_PSS_SHA256
            | S::RSA_PSS_PSS_SHA384
            | S::RSA_PSS_PSS_SHA512
            | S::MLDSA44
            | S::MLDSA65
            | S::MLDSA87
    )
}

/// An answer may hold only extensions that were asked for (RFC 9846 4.3).
fn only_asked(extensions: &Extensions<'_>, asked: impl Fn(ExtensionType) -> bool) -> Result<(), Error> {
    match extensions.list.iter().map(Extension::kind).find(|kind| !asked(*kind)) {
        Some(kind) => Err(ErrorKind::UnsolicitedExtension(kind).into()),
        None => Ok(()),
    }
}

/// Keys change after this message, so nothing may follow it in its record (RFC 9846 5.1).
fn last_in_record(aligned: Option<Aligned>, got: HandshakeType, expected: &'static str) -> Result<Aligned, Error> {
    aligned.ok_or_else(|| ErrorKind::UnexpectedMessage { got, expected }.into())
}

/// What a message of the handshake needs no context for (RFC 9846 4.4.2, 4.5.1).
fn no_context(context: &[u8]) -> Result<(), Error> {
    match context {
        [] => Ok(()),
        _ => Err(illegal("certificate_request_context", "is not empty in a handshake", "RFC 9846 4.4.2")),
    }
}

const CLIENT_HANDSHAKE: &str = "client_handshake_traffic_secret";
const SERVER_HANDSHAKE: &str = "server_handshake_traffic_secret";

/// A traffic secret, and what it is called.
type Named<'s> = (&'s TrafficSecret, &'static str);

/// The hellos are exchanged: the handshake's secrets, which the key log learns; our own, and the peer's.
fn use_handshake_secrets<'s>(flow: &Flow<'_>, secrets: &'s HandshakeSecrets) -> (Named<'s>, Named<'s>) {
    flow.log_key(label::CLIENT_HANDSHAKE, secrets.client.secret.bytes());
    flow.log_key(label::SERVER_HANDSHAKE, secrets.server.secret.bytes());
    let (client, server) = ((&secrets.client, CLIENT_HANDSHAKE), (&secrets.server, SERVER_HANDSHAKE));
    match flow.shared.side {
        Side::Client => (client, server),
        Side::Server => (server, client),
    }
}

/// The server's Finished is in the transcript: the application's secrets, which the key log and the exporter learn.
fn application_secrets(flow: &mut Flow<'_>, suite: &Suite, master: &MasterOf13) -> ApplicationSecrets {
    let secrets = master.application(&flow.now().hash());
    flow.log_key(label::CLIENT_TRAFFIC, secrets.client.secret.bytes());
    flow.log_key(label::SERVER_TRAFFIC, secrets.server.secret.bytes());
    flow.log_key(label::EXPORTER, secrets.exporter.bytes());
    flow.shared.exporter = Some(Exporter::Tls13 { secret: secrets.exporter.clone(), hash: suite.hash });
    secrets
}

const CLIENT_APPLICATION: &str = "client_application_traffic_secret";
const SERVER_APPLICATION: &str = "server_application_traffic_secret";

fn write_under(flow: &mut Flow<'_>, suite: &Suite, secret: &TrafficSecret, name: &'static str) -> Result<(), Error> {
    let keys = Sealer::tls13(&*flow.provider(), suite, secret)?;
    flow.write_keys(keys, name)
}

fn read_under(
    flow: &mut Flow<'_>,
    suite: &Suite,
    secret: &TrafficSecret,
    name: &'static str,
    aligned: Aligned,
) -> Result<(), Error> {
    let keys = Opener::tls13(&*flow.provider(), suite, secret)?;
    flow.read_keys(keys, name, aligned);
    Ok(())
}
