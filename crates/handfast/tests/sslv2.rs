//! A ClientHello in SSL 2.0's form: read where the policy says so, refused by name elsewhere, and never more than that.

mod common;

use common::certificates::{Setup, server_credential};
use common::{End, noon, record};
use handfast::alert::AlertDescription;
use handfast::config::ConfigSource;
use handfast::crypto::KeyKind;
use handfast::message::{Dialect, Message};
use handfast::trace::Inside;
use handfast::wait::{HelloSummary, Reply};
use handfast::wire::numbers::{ContentType, ProtocolVersion};
use handfast::{ErrorKind, Policy, ServerConfig};
use std::sync::Arc;

/// Of a client that speaks up to this version: RC4 with MD5 of SSL 2.0, RSA with AES-128-CBC, and the signal of RFC 5746.
fn hello(version: u16) -> Vec<u8> {
    let mut message = vec![1];
    message.extend(version.to_be_bytes());
    message.extend([0, 9, 0, 0, 0, 16]);
    message.extend([1, 0, 0x80, 0, 0, 0x2f, 0, 0, 0xff]);
    message.extend([7; 16]);
    [&[0x80, message.len() as u8][..], &message].concat()
}

fn config(policy: Policy) -> Arc<ServerConfig> {
    Arc::new(ServerConfig::new(policy, server_credential(KeyKind::Rsa)))
}

fn told(policy: Policy, bytes: &[u8]) -> End {
    let mut server = End::server(&config(policy));
    server.receive(bytes, noon());
    server
}

const ANSWER: [&str; 3] = ["ServerHello", "Certificate", "ServerHelloDone"];

#[test]
fn museum_reads_it_at_once_and_byte_by_byte() {
    for version in [0x0300, 0x0301, 0x0302, 0x0303, 0x0304] {
        let hello = hello(version);
        let mut server = told(Policy::museum(), &hello);
        assert_eq!(server.error, None);
        assert_eq!(server.flight(), ANSWER);
        let agreed = ProtocolVersion(version.min(0x0303));
        assert_eq!(server.negotiated().version, Some(agreed));
        assert!(server.negotiated().secure_renegotiation);
        assert!(server.transmit().starts_with(&[22, 3, agreed.0 as u8]));
        let mut slow = End::server(&config(Policy::museum()));
        for byte in &hello {
            slow.receive(&[*byte], noon());
        }
        assert_eq!((slow.error.clone(), slow.flight()), (None, ANSWER.map(String::from).to_vec()));
        // Its record is told as it came, in both cases.
        for server in [&server, &slow] {
            let record = server.told().iter().find_map(|t| t.record().cloned()).expect("a record");
            let length = hello.len() - 2;
            assert_eq!((record.version, record.length, &record.raw), (ProtocolVersion(2), length, &hello));
            assert_eq!(record.inside, Inside::Content { kind: ContentType::HANDSHAKE, length });
        }
    }
}

#[test]
fn other_policies_refuse_it_by_name() {
    for policy in [Policy::modern(), Policy::default(), Policy::compatible(), Policy::legacy()] {
        let server = told(policy, &hello(0x0301)[..5]);
        let error = server.error.as_ref().expect("refused");
        assert_eq!(*error.kind(), ErrorKind::Sslv2Hello(ProtocolVersion::TLS1_0));
        assert_eq!(error.alert(), Some(AlertDescription::PROTOCOL_VERSION));
        let record = server.told().iter().find_map(|t| t.record().cloned()).expect("a record");
        assert_eq!((&record.raw[..], record.inside), (&hello(0x0301)[..5], Inside::Unreadable));
        let said = error.explain();
        assert!(said.why.contains("an SSLv2 hello") && said.remedy.contains("--policy museum"), "{said:?}");
    }
    // SSL 2.0 itself, of nobody.
    let error = told(Policy::museum(), &hello(0x0002)).error.expect("refused");
    assert_eq!(*error.kind(), ErrorKind::Sslv2Hello(ProtocolVersion(2)));
    assert_eq!(error.alert(), Some(AlertDescription::PROTOCOL_VERSION));
}

/// Where the config is chosen by the hello, its policy decides.
#[test]
fn a_source_sees_it_and_its_policy_decides() {
    #[derive(Debug)]
    struct Source(Arc<ServerConfig>);
    impl ConfigSource for Source {
        fn choose(&self, hello: &HelloSummary) -> Reply<Option<Arc<ServerConfig>>> {
            assert!(hello.sslv2);
            assert_eq!(hello.versions, [ProtocolVersion::TLS1_0]);
            let same = Message::decode(&hello.raw, Dialect::Hello);
            assert!(matches!(same, Ok(Message::ClientHello(_))), "{same:?}");
            Reply::Now(Some(self.0.clone()))
        }
    }
    for (policy, reads) in [(Policy::museum(), true), (Policy::legacy(), false)] {
        let mut server = End::server_by_hello(Arc::new(Source(config(policy))));
        server.receive(&hello(0x0301), noon());
        assert_eq!(server.error.is_none(), reads);
        assert_eq!(server.flight(), if reads { &ANSWER[..] } else { &[] });
    }
}

/// Not behind another record, not a second time, and not to a client.
#[test]
fn only_a_server_reads_it_and_only_first() {
    let alert = record(21, 0x0301, &[1, 90]);
    for before in [alert, hello(0x0301)] {
        let error = told(Policy::museum(), &[before, hello(0x0301)].concat()).error.expect("refused");
        assert!(matches!(error.kind(), ErrorKind::UnexpectedRecord { .. }), "{error}");
    }
    let (client, _) = Setup::new(ProtocolVersion::TLS1_2).configs();
    let mut client = End::client(&client, noon());
    client.receive(&hello(0x0301), noon());
    assert!(matches!(client.error.expect("refused").kind(), ErrorKind::NotTls(_)));
}

#[test]
fn nothing_changed_or_cut_does_harm() {
    let good = hello(0x0302);
    let (mut refused, mut answered) = (0, 0);
    for at in 0..good.len() {
        let cut = told(Policy::museum(), &good[..at]);
        assert_eq!((cut.error.clone(), cut.flight().len()), (None, 0), "it waits for more");
        for mask in 1..=255 {
            let mut bytes = good.clone();
            bytes[at] ^= mask;
            let mut server = told(Policy::museum(), &bytes);
            match &server.error {
                Some(error) => {
                    assert!(!error.explain().why.is_empty());
                    refused += 1;
                }
                None => answered += usize::from(!server.flight().is_empty()),
            }
            server.eof();
            assert!(server.error.is_some());
        }
    }
    assert!(refused > 1000 && answered > 4000, "{refused} {answered}");
}

/// A header whose length is less than that of what is always there is refused at once, and by that.
#[test]
fn a_length_that_is_too_short_is_named() {
    for length in 0..=8 {
        let server = told(Policy::museum(), &[0x80, length, 1, 3, 1]);
        let error = server.error.as_ref().expect("refused");
        assert!(matches!(error.kind(), ErrorKind::Malformed(m) if m.field == "length"), "{length}: {error}");
        assert_eq!(server.alerts(), ["fatal decode_error"]);
    }
    assert_eq!(told(Policy::museum(), &[0x80, 9, 1, 3, 1]).error, None);
}

#[test]
fn ciphers_of_ssl_2_alone_are_named() {
    let mut bytes = hello(0x0301);
    bytes[11..20].copy_from_slice(&[1, 0, 0x80, 7, 0, 0xc0, 3, 0, 0x80]);
    let server = told(Policy::museum(), &bytes);
    let why = server.error.as_ref().expect("refused").to_string();
    assert!(why.contains("cipher_specs has ciphers of SSL 2.0 only"), "{why}");
    assert_eq!(server.alerts(), ["fatal illegal_parameter"]);
}
