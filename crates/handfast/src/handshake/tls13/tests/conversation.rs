//! What both say to each other, and that each message has its one place.

use super::*;
use crate::config::ClientAuth;
use crate::handshake::Established;
use crate::message::KeyUpdate;
use crate::wire::numbers::SignatureScheme;

/// Client and server that show each other certificates, after a HelloRetryRequest.
fn everything() -> (Arc<ClientConfig>, Arc<ServerConfig>) {
    let (mut client, mut server) = (client(), server());
    server.policy.groups = vec![NamedGroup::SECP256R1];
    server.client_auth = ClientAuth::Required(Arc::new(Anyone));
    client.credentials = Some(credential());
    client.store = None;
    (Arc::new(client), Arc::new(server))
}

#[test]
fn the_whole_order() {
    let (client, server) = everything();
    let (client, server) = pair(&client, &server);
    let outcome = talk(client, server, as_it_is).connected();
    assert_eq!(
        outcome.names(Side::Client),
        ["ClientHello", "ClientHello", "Certificate", "CertificateVerify", "Finished"]
    );
    assert_eq!(
        outcome.names(Side::Server),
        [
            "HelloRetryRequest",
            "ServerHello",
            "EncryptedExtensions",
            "CertificateRequest",
            "Certificate",
            "CertificateVerify",
            "Finished",
            "NewSessionTicket",
            "NewSessionTicket"
        ]
    );
    let (client, server) = (&outcome.client.shared, &outcome.server.shared);
    for shared in [client, server] {
        let negotiated = &shared.negotiated;
        assert!(negotiated.retried && !negotiated.resumed && !shared.compat_ccs_may_come && shared.compat_ccs_sent);
        assert_eq!(negotiated.group, Some(NamedGroup::SECP256R1));
        assert_eq!(negotiated.scheme, Some(SignatureScheme::ECDSA_SECP256R1_SHA256));
        assert_eq!(negotiated.client_scheme, negotiated.scheme);
        assert_eq!(negotiated.alpn.as_deref(), Some(&b"http/1.1"[..]));
        assert_eq!(negotiated.server_name.as_deref(), Some("server.test"));
        assert_eq!(negotiated.peer_chain, credential().chain);
        assert_eq!(negotiated.verified.as_deref(), Some("not checked"));
    }
}

/// At each place, every other message that this side says anywhere, and some that it never says.
#[test]
fn a_message_out_of_its_place_is_unexpected() {
    let (client, server) = everything();
    let recorded = {
        let (client, server) = pair(&client, &server);
        talk(client, server, as_it_is).connected().said
    };
    let others = [Message::KeyUpdate(KeyUpdate::UpdateNotRequested), Message::EndOfEarlyData].map(|m| m.to_bytes());
    let mut tried = 0;
    for (place, (from, right)) in recorded.iter().enumerate() {
        let same_side = recorded.iter().filter(|(side, _)| side == from).map(|(_, raw)| raw);
        for wrong in same_side.chain(&others) {
            let (name, instead) = (Message::name(right), Message::name(wrong));
            let may_come = match name {
                // The server need not ask for a certificate, and KeyUpdates come as they will.
                "CertificateRequest" => instead == "Certificate",
                "NewSessionTicket" => instead == "KeyUpdate",
                _ => false,
            };
            // To a server that listens, a second hello is like a first; and no dialect is agreed before it.
            if name == instead || may_come || place == 0 {
                continue;
            }
            tried += 1;
            let (client, server) = pair(&client, &server);
            let outcome = talk(client, server, |at, _, raw| match at == place {
                true => vec![(wrong.clone(), true)],
                false => vec![(raw, true)],
            });
            let side = if *from == Side::Client { Side::Server } else { Side::Client };
            match outcome.failed(side) {
                ErrorKind::UnexpectedMessage { got, .. } => assert_eq!(got.0, wrong[0], "{instead} for {name}"),
                // A HelloRetryRequest and the hello after it are told apart by what is in them.
                _ if instead.contains("ServerHello") && name == "HelloRetryRequest" => {}
                other => panic!("{instead} in the place of {name}: {other:?}"),
            }
        }
    }
    assert!(tried > 100, "{tried}");
}

/// A message that changes read keys must be the last in its record.
#[test]
fn keys_do_not_change_inside_a_record() {
    let (client, server) = everything();
    for (side, name) in [
        (Side::Client, "ClientHello"),
        (Side::Server, "ServerHello"),
        (Side::Server, "Finished"),
        (Side::Client, "Finished"),
    ] {
        let (client, server) = pair(&client, &server);
        let outcome = talk(client, server, |_, from, raw| {
            let last = from != side || Message::name(&raw) != name;
            vec![(raw, last)]
        });
        let at = if side == Side::Client { Side::Server } else { Side::Client };
        match outcome.failed(at) {
            ErrorKind::UnexpectedMessage { expected, .. } => assert!(expected.contains(name), "{name}: {expected}"),
            other => panic!("{name}: {other:?}"),
        }
    }
}

fn traffic(machine: &mut Machine, request: bool) {
    let Machine { state, shared, transcript, writer, reader, now, .. } = machine;
    let State::Established(Established::Tls13(traffic)) = state else { panic!("not established") };
    traffic.update(&mut Flow::new(*now, shared, transcript, None, writer, reader), request).unwrap();
}

const ASKED: [u8; 5] = [24, 0, 0, 1, 1];
const TOLD: [u8; 5] = [24, 0, 0, 1, 0];

#[test]
fn key_updates_are_answered_once_while_silent() {
    let (client, server) = everything();
    let (client, server) = pair(&client, &server);
    let Outcome { mut client, mut server, .. } = talk(client, server, as_it_is).connected();
    // One that is asked for, answered; the answer asks for nothing.
    traffic(&mut client, true);
    assert_eq!(client.sent(), [ASKED]);
    server.take(&ASKED, true).unwrap();
    assert_eq!(server.sent(), [TOLD]);
    // A second request while the first is open is none.
    traffic(&mut client, true);
    assert_eq!(client.sent(), [TOLD]);
    client.take(&TOLD, true).unwrap();
    traffic(&mut client, true);
    assert_eq!(client.sent(), [ASKED]);
    // The server has sent nothing under its newest keys, so it need not change them again; then it does.
    server.take(&ASKED, true).unwrap();
    assert!(server.sent().is_empty());
    server.writer.data(b"data", &mut Vec::new(), &mut server.shared.watch).unwrap();
    server.take(&ASKED, true).unwrap();
    assert_eq!(server.sent(), [TOLD]);
}

#[test]
fn key_updates_have_a_bound() {
    let (client, server) = everything();
    let (client, server) = pair(&client, &server);
    let Outcome { mut client, .. } = talk(client, server, as_it_is).connected();
    let limit = client.shared.limits.key_updates;
    for _ in 0..limit {
        client.take(&TOLD, true).unwrap();
    }
    let error = client.take(&TOLD, true).unwrap_err();
    assert_eq!(*error.kind(), ErrorKind::TooMuch(crate::error::Limit::KeyUpdates));
}

#[test]
fn a_key_update_is_the_last_in_its_record() {
    let (client, server) = everything();
    let (client, server) = pair(&client, &server);
    let Outcome { mut server, .. } = talk(client, server, as_it_is).connected();
    let error = server.take(&TOLD, false).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::UnexpectedMessage { got: HandshakeType::KEY_UPDATE, .. }));
}

/// What belongs to a handshake does not come after it: no renegotiation, no late request for a certificate.
#[test]
fn after_the_handshake() {
    let (client, server) = everything();
    let recorded = {
        let (client, server) = pair(&client, &server);
        talk(client, server, as_it_is).connected().said
    };
    for (from, raw) in recorded {
        let (client, server) = pair(&client, &server);
        let mut outcome = talk(client, server, as_it_is).connected();
        let receiver = if from == Side::Client { &mut outcome.server } else { &mut outcome.client };
        let result = receiver.take(&raw, true);
        match Message::name(&raw) {
            "NewSessionTicket" => result.unwrap(),
            name => match result.unwrap_err().kind() {
                ErrorKind::UnexpectedMessage { got, .. } => assert_eq!(got.0, raw[0]),
                other => panic!("{name}: {other:?}"),
            },
        }
    }
}
