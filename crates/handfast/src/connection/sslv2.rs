//! A ClientHello in SSL 2.0's form (RFC 5246 E.2).

use super::Connection;
use super::watched::in_sslv2;
use crate::Time;
use crate::error::{Error, ErrorKind, illegal};
use crate::handshake::{Flow, Input, State};
use crate::message::{Dialect, Message};
use crate::trace::{Direction, Inside, Trace};
use crate::wire::numbers::{ContentType, HandshakeType};
use std::mem;

impl Connection {
    /// Steps over it, `raw`, as over the ClientHello that means the same. What it came as is traced, and goes into the transcript.
    pub(super) fn sslv2_hello(&mut self, record: &[u8], raw: &[u8], now: Time) -> Result<(), Error> {
        const NAME: &str = "ClientHello";
        let Self { state, shared, transcript, joiner, reader, writer, newest, counts, .. } = self;
        let (direction, dialect) = (Direction::Received, Dialect::Sslv2);
        shared.watch.see(in_sslv2(record, Inside::Content { kind: ContentType::HANDSHAKE, length: raw.len() }));
        shared.watch.see(Trace::Message { direction, name: NAME, raw, dialect, protected: false });
        *newest = Some(NAME);
        counts.handshake_bytes += raw.len();

        let Message::Sslv2Hello(hello) =
            Message::decode(raw, dialect).map_err(|m| Error::from(m).during(NAME, true))?
        else {
            let (got, expected) = (HandshakeType::CLIENT_HELLO, NAME);
            return Err(ErrorKind::UnexpectedMessage { got, expected }.into());
        };
        // What it becomes would have no suite, which is nothing that the client said.
        if hello.cipher_specs.iter().all(|spec| spec.suite().is_none()) {
            let why = "has ciphers of SSL 2.0 only, which is never spoken";
            return Err(illegal("cipher_specs", why, "RFC 6176 3").during(NAME, true));
        }
        let same = hello.to_client_hello();
        let mut content = same.as_slice();
        let Some((same, aligned)) = joiner.next(&mut content, shared.limits.message_size)? else { return Ok(()) };
        let message = Message::decode(same, Dialect::Hello).map_err(|m| Error::from(m).during(NAME, true))?;
        let old = mem::replace(state, State::Failed);
        let mut flow = Flow::new(now, shared, transcript, Some(same), writer, reader).came_as(raw);
        let new = old.step(&mut flow, Input::Message(message, aligned)).map_err(|e| e.during(NAME, true))?;
        flow.now();
        *state = new;
        self.settle(now)
    }
}

#[cfg(test)]
mod tests {
    use crate::crypto::Credential;
    use crate::keys::Transcript;
    use crate::message::{Message, Sslv2Hello, V2CipherSpec};
    use crate::verify::NotChecked;
    use crate::wire::numbers::ProtocolVersion;
    use crate::wire::{CipherSuite, List};
    use crate::{ClientConfig, Connection, Policy, ServerConfig, Time, Weakness};
    use rustls_pki_types::ServerName;
    use std::sync::Arc;

    fn policy(newest: ProtocolVersion) -> Policy {
        let mut policy = Policy::museum();
        policy.max_version = newest;
        policy.suites = vec![CipherSuite::TLS_RSA_WITH_AES_128_CBC_SHA];
        policy
    }

    fn carry(from: &mut Connection, to: &mut Connection) {
        let mut bytes = Vec::new();
        from.transmit(&mut bytes);
        let mut at = 0;
        loop {
            let received = to.receive(&mut bytes[at..], Time::default()).expect("no error");
            at += received.used;
            if received.event.is_none() {
                return assert_eq!(at, bytes.len());
            }
        }
    }

    /// A client of ours, made to believe that it has said hello in SSL 2.0's form; and what it would have said.
    fn client(newest: ProtocolVersion, challenge: &[u8]) -> (Connection, Vec<u8>) {
        let mut config = ClientConfig::new(policy(newest), Arc::new(NotChecked));
        config.store = None;
        let name = ServerName::try_from("localhost").unwrap();
        let mut client = Connection::client(Arc::new(config), name, Time::default()).unwrap();
        client.transmit(&mut Vec::new());
        let specs = [[6, 0, 0x40], [0, 0, 0x2f], [0, 0, 0xff]].map(V2CipherSpec);
        let cipher_specs = List::of(&specs);
        let hello = Sslv2Hello { version: newest, cipher_specs, session_id: &[], challenge };
        client.shared.client_random = hello.random();
        let message = Message::Sslv2Hello(hello).to_bytes();
        client.transcript = Transcript::new();
        client.transcript.absorb(&message);
        (client, [&[0x80, message.len() as u8][..], &message].concat())
    }

    #[test]
    fn a_handshake_begins_with_it_in_every_version() {
        let credential = Credential::from_pem(
            include_bytes!("../../tests/pem/rsa.cert.pem"),
            include_bytes!("../../tests/pem/rsa.pkcs8.pem"),
        );
        let config = ServerConfig::new(policy(ProtocolVersion::TLS1_3), Arc::new(credential.unwrap()));
        let config = Arc::new(config);
        let challenge: Vec<u8> = (0..32).collect();
        for version in
            [ProtocolVersion::SSL3_0, ProtocolVersion::TLS1_0, ProtocolVersion::TLS1_1, ProtocolVersion::TLS1_2]
        {
            for length in [16, 31, 32] {
                let (mut client, mut hello) = client(version, &challenge[..length]);
                let mut server = Connection::server(config.clone());
                let used = server.receive(&mut hello, Time::default()).expect("no error").used;
                assert_eq!(used, hello.len());
                for _ in 0..2 {
                    carry(&mut server, &mut client);
                    carry(&mut client, &mut server);
                }
                assert!(client.is_connected() && server.is_connected(), "{version} {length}");
                let negotiated = server.negotiated();
                assert_eq!(negotiated.version, Some(version));
                assert!(negotiated.secure_renegotiation && !negotiated.extended_master_secret);
                assert!(negotiated.weaknesses().contains(&Weakness::NoExtendedMasterSecret));
            }
        }
    }
}
