//! What a connection gives to other protocols: keying material, and channel bindings.

use super::Connection;
use crate::error::{Error, ErrorKind};
use crate::handshake::{Exporter, Side};
use crate::keys;
use crate::verify::end_point;
use crate::wire::numbers::ProtocolVersion;

/// What ties an authentication inside of the connection to the connection itself (RFC 5056).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ChannelBinding {
    /// `tls-exporter`: 32 bytes of keying material (RFC 9266). In TLS 1.3 always, before that with an extended master secret.
    Exporter,
    /// `tls-server-end-point`: a hash of the certificate that the server shows (RFC 5929 4), which survives a proxy that has the same
    /// certificate. Where a session is resumed none is shown: who needs this binding does without resumption.
    ServerEndPoint,
    /// `tls-unique`: the first Finished of the newest handshake, 12 bytes (RFC 5929 3). Up to TLS 1.2, and only with an extended
    /// master secret: without one, someone in between can make two connections share it (RFC 7627 1).
    Unique,
}

impl ChannelBinding {
    /// Every type.
    pub const ALL: [Self; 3] = [Self::Exporter, Self::ServerEndPoint, Self::Unique];

    /// The name in IANA's registry.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Exporter => "tls-exporter",
            Self::ServerEndPoint => "tls-server-end-point",
            Self::Unique => "tls-unique",
        }
    }

    /// The type of this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|t| t.name() == name)
    }
}

impl Connection {
    /// Keying material for another protocol (RFC 5705, RFC 9846 7.5). Before TLS 1.3, no context and an empty one differ.
    ///
    /// # Errors
    /// [`ErrorKind::Misuse`] before the handshake is done and while a second one goes on, or if `out` is empty or longer than 255
    /// hashes; and before TLS 1.3 without an extended master secret, which someone in between could make two connections share (RFC 7627 5.4).
    pub fn export(&self, out: &mut [u8], label: &[u8], context: Option<&[u8]>) -> Result<(), Error> {
        let misuse =
            || Error::new(ErrorKind::Misuse("an exporter works once connected, for 1 to 255 hashes of output"));
        let provider = &*self.shared.provider;
        if out.is_empty() || out.len() > 255 * 32 || label.len() > 249 || !self.is_connected() {
            return Err(misuse());
        }
        match self.shared.exporter.as_ref().ok_or_else(misuse)? {
            Exporter::Classic { master, hash } => {
                if !self.shared.negotiated.extended_master_secret {
                    return Err(ErrorKind::Misuse("without an extended master secret nothing may be exported").into());
                }
                if context.is_some_and(|c| c.len() > 0xffff) {
                    return Err(misuse());
                }
                let randoms = (&self.shared.client_random, &self.shared.server_random);
                keys::export_classic(provider, *hash, master, randoms, label, context, out);
            }
            Exporter::Tls13 { secret, hash } => {
                keys::export13(provider, *hash, secret, label, context.unwrap_or_default(), out);
            }
        }
        Ok(())
    }

    /// The channel binding of this type, as both ends have it and nobody else's connection.
    ///
    /// # Errors
    /// [`ErrorKind::Misuse`] before the handshake is done and while a second one goes on. [`ErrorKind::NoChannelBinding`] where there is none that is sound:
    /// `tls-unique` in TLS 1.3, that and `tls-exporter` without an extended master secret; `tls-server-end-point` of a certificate
    /// whose signature has no hash of its own (Ed25519, ML-DSA), and where the server showed none: with a raw or
    /// a pre-shared key, and where a session is resumed.
    pub fn channel_binding(&self, kind: ChannelBinding) -> Result<Vec<u8>, Error> {
        if !self.is_connected() || self.is_renegotiating() {
            let why = "a channel binding is there once connected, but for the time of a second handshake";
            return Err(ErrorKind::Misuse(why).into());
        }
        let none = |why| Error::new(ErrorKind::NoChannelBinding(why));
        let tls13 = self.shared.negotiated.version == Some(ProtocolVersion::TLS1_3);
        let extended = self.shared.negotiated.extended_master_secret;
        match kind {
            ChannelBinding::Unique if tls13 => Err(none("TLS 1.3 has no tls-unique")),
            ChannelBinding::Exporter | ChannelBinding::Unique if !tls13 && !extended => {
                Err(none("without an extended master secret two connections could have the same"))
            }
            ChannelBinding::Exporter => {
                let mut out = vec![0; 32];
                // RFC 9266 4.2: without a context, which is an empty one.
                self.export(&mut out, b"EXPORTER-Channel-Binding", Some(&[]))?;
                Ok(out)
            }
            ChannelBinding::Unique => {
                let first =
                    self.shared.first_finished.ok_or_else(|| none("its Finished messages are of another form"))?;
                Ok(first.to_vec())
            }
            ChannelBinding::ServerEndPoint => {
                let leaf = match self.shared.side {
                    // A server keeps nothing of its certificate with a session, and what one end has alone ties nothing.
                    _ if self.shared.negotiated.resumed => None,
                    Side::Client => self.shared.negotiated.peer_chain.first(),
                    Side::Server => self.shared.own.as_ref().and_then(|own| own.chain.first()),
                };
                let unshown =
                    "the server showed no certificate: a session was resumed, or a pre-shared or raw key used";
                end_point(leaf.ok_or_else(|| none(unshown))?).map_err(none)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::Credential;
    use crate::verify::NotChecked;
    use crate::wire::numbers::ProtocolVersion;
    use crate::{ClientConfig, Policy, Received, ServerConfig, Time};
    use rustls_pki_types::ServerName;
    use std::sync::Arc;

    /// Carries what one end has to say to the other.
    fn carry(from: &mut Connection, to: &mut Connection) {
        let mut bytes = Vec::new();
        from.transmit(&mut bytes);
        loop {
            let Received { used, event } = to.receive(&mut bytes, Time::default()).unwrap();
            let more = event.is_some();
            bytes.drain(..used);
            if !more {
                return;
            }
        }
    }

    #[test]
    fn nothing_is_exported_without_an_extended_master_secret() {
        let certificate = include_bytes!("../../tests/pem/p256.cert.pem");
        let credential = Credential::from_pem(certificate, include_bytes!("../../tests/pem/p256.pkcs8.pem")).unwrap();
        let policy = Policy { max_version: ProtocolVersion::TLS1_2, ..Policy::default() };
        let config = ClientConfig::new(policy.clone(), Arc::new(NotChecked));
        let name = ServerName::try_from("server.test").unwrap();
        let mut client = Connection::client(Arc::new(config), name, Time::default()).unwrap();
        let mut server = Connection::server(Arc::new(ServerConfig::new(policy, Arc::new(credential))));
        for _ in 0..2 {
            carry(&mut client, &mut server);
            carry(&mut server, &mut client);
        }
        for end in [&mut client, &mut server] {
            let mut out = [0; 16];
            assert!(end.export(&mut out, b"EXPORTER-test", None).is_ok());
            // As if the peer had not had it.
            end.shared.negotiated.extended_master_secret = false;
            let error = end.export(&mut out, b"EXPORTER-test", None).unwrap_err();
            assert!(matches!(error.kind(), ErrorKind::Misuse(_)), "{error}");
        }
    }
}
