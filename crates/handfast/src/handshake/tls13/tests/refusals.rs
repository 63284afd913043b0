//! Each rule that a peer can break, broken.

use super::*;
use crate::config::ClientAuth;
use crate::error::{Limit, NothingInCommon};
use crate::extension::{
    Alpn, Cookie, Extension, KeyShare, KeyShareEntry, PreSharedKey, SignatureAlgorithms, SupportedVersions,
};
use crate::message::{Certificate, CertificateVerify, ClientHello, Finished, ServerHello};
use crate::wire::numbers::{CompressionMethod, ExtensionType, ProtocolVersion, SignatureScheme};
use crate::wire::{CipherSuite, List, Opaque, Problem, Vector};

/// What the receiver makes of a conversation in which the messages of one name are changed.
#[track_caller]
fn broken(
    configs: (ClientConfig, ServerConfig),
    at: Side,
    name: &'static str,
    f: impl Fn(&mut Message<'_>),
) -> ErrorKind {
    let (client, server) = pair(&Arc::new(configs.0), &Arc::new(configs.1));
    talk(client, server, change(name, f)).failed(at).clone()
}

/// In which the server asks for another group than the client has a share of.
fn retried() -> (ClientConfig, ServerConfig) {
    let mut configs = plain();
    configs.1.policy.groups = vec![NamedGroup::SECP256R1];
    configs
}

const SHARE: [u8; 32] = [9; 32];

fn share(group: NamedGroup) -> KeyShareEntry<'static> {
    KeyShareEntry { group, key_exchange: Opaque(&SHARE) }
}

// --- what the server says ---

#[test]
fn server_hello() {
    let hello = |f: fn(&mut ServerHello<'_>)| {
        broken(plain(), Side::Client, "ServerHello", move |m| match m {
            Message::ServerHello(m) => f(m),
            other => panic!("{other:?}"),
        })
    };
    let version = hello(|m| m.fixed.legacy_version = ProtocolVersion::TLS1_0);
    assert_eq!(version, ErrorKind::LegacyVersion(ProtocolVersion::TLS1_0));
    let newer = |m: &mut ServerHello<'_>| {
        drop_extension(&mut m.extensions, ExtensionType::SUPPORTED_VERSIONS);
        m.extensions.list.push(Extension::SupportedVersions(SupportedVersions::Selected(ProtocolVersion(0x0305))));
    };
    assert_illegal(&hello(newer), "supported_versions");
    assert_illegal(&hello(|m| m.fixed.session_id = Opaque(&[])), "legacy_session_id_echo");
    assert_illegal(&hello(|m| m.fixed.compression_method = CompressionMethod::DEFLATE), "legacy_compression_method");
    for suite in [CipherSuite(0x1304), CipherSuite::TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256] {
        let kind = match suite {
            CipherSuite(0x1304) => hello(|m| m.fixed.cipher_suite = CipherSuite(0x1304)),
            _ => hello(|m| m.fixed.cipher_suite = CipherSuite::TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256),
        };
        assert_illegal(&kind, "cipher_suite");
    }
    let missing = hello(|m| drop_extension(&mut m.extensions, ExtensionType::KEY_SHARE));
    assert_eq!(missing, ErrorKind::MissingExtension(ExtensionType::KEY_SHARE));
    let other_group = |m: &mut ServerHello<'_>| {
        drop_extension(&mut m.extensions, ExtensionType::KEY_SHARE);
        m.extensions.list.push(Extension::KeyShare(KeyShare::Server(share(NamedGroup::SECP256R1))));
    };
    assert_illegal(&hello(other_group), "key_share");
    let no_point = |m: &mut ServerHello<'_>| {
        drop_extension(&mut m.extensions, ExtensionType::KEY_SHARE);
        let entry = KeyShareEntry { group: NamedGroup::X25519, key_exchange: Opaque(&[0; 32]) };
        m.extensions.list.push(Extension::KeyShare(KeyShare::Server(entry)));
    };
    assert_eq!(hello(no_point), ErrorKind::BadKeyShare(NamedGroup::X25519));
    let psk = hello(|m| m.extensions.list.push(Extension::PreSharedKey(PreSharedKey::Selected(0))));
    assert_eq!(psk, ErrorKind::UnsolicitedExtension(ExtensionType::PRE_SHARED_KEY));
    assert_eq!(hello(|m| m.extensions.list.push(UNKNOWN)), ErrorKind::UnsolicitedExtension(ExtensionType(0x5a5a)));
}

#[test]
fn hello_retry_request() {
    let hello = |f: fn(&mut ServerHello<'_>)| {
        broken(retried(), Side::Client, "HelloRetryRequest", move |m| match m {
            Message::HelloRetryRequest(m) => f(m),
            other => panic!("{other:?}"),
        })
    };
    assert_illegal(&hello(|m| m.fixed.session_id = Opaque(&[])), "legacy_session_id_echo");
    assert_illegal(&hello(|m| drop_extension(&mut m.extensions, ExtensionType::KEY_SHARE)), "HelloRetryRequest");
    let group = |m: &mut ServerHello<'_>, group| {
        drop_extension(&mut m.extensions, ExtensionType::KEY_SHARE);
        m.extensions.list.push(Extension::KeyShare(KeyShare::Retry(group)));
    };
    for kind in [
        broken(
            retried(),
            Side::Client,
            "HelloRetryRequest",
            edit!(HelloRetryRequest, |m| group(m, NamedGroup::X25519)),
        ),
        broken(retried(), Side::Client, "HelloRetryRequest", edit!(HelloRetryRequest, |m| group(m, NamedGroup::X448))),
    ] {
        assert_illegal(&kind, "key_share");
    }
    assert_eq!(
        hello(|m| drop_extension(&mut m.extensions, ExtensionType::SUPPORTED_VERSIONS)),
        ErrorKind::MissingExtension(ExtensionType::SUPPORTED_VERSIONS)
    );
    let older = |m: &mut ServerHello<'_>| {
        drop_extension(&mut m.extensions, ExtensionType::SUPPORTED_VERSIONS);
        m.extensions.list.push(Extension::SupportedVersions(SupportedVersions::Selected(ProtocolVersion::TLS1_2)));
    };
    assert_illegal(&hello(older), "supported_versions");
    assert_eq!(hello(|m| m.extensions.list.push(UNKNOWN)), ErrorKind::UnsolicitedExtension(ExtensionType(0x5a5a)));
    // The suite is agreed by then.
    let suite = broken(
        retried(),
        Side::Client,
        "ServerHello",
        edit!(ServerHello, |m| {
            m.fixed.cipher_suite = CipherSuite::TLS_CHACHA20_POLY1305_SHA256;
        }),
    );
    assert_illegal(&suite, "cipher_suite");
}

#[test]
fn a_second_hello_retry_request() {
    let (client, server) = retried();
    let (client, server) = pair(&Arc::new(client), &Arc::new(server));
    let mut first = Vec::new();
    let outcome = talk(client, server, |_, _, raw| {
        match Message::name(&raw) {
            "HelloRetryRequest" => first = raw.clone(),
            "ServerHello" => return vec![(first.clone(), true)],
            _ => {}
        }
        vec![(raw, true)]
    });
    assert!(matches!(outcome.failed(Side::Client), ErrorKind::UnexpectedMessage { .. }));
}

/// The client says it again, in its second hello only.
#[test]
fn a_cookie_comes_back() {
    let (client, server) = retried();
    let (client, server) = pair(&Arc::new(client), &Arc::new(server));
    let add = edit!(HelloRetryRequest, |m| m.extensions.list.push(Extension::Cookie(Cookie(b"a cookie"))));
    let outcome = talk(client, server, change("HelloRetryRequest", add));
    let hellos: Vec<_> = outcome.said.iter().filter(|(_, raw)| Message::name(raw) == "ClientHello").collect();
    let cookie = |raw: &[u8]| ClientHello::from_body(&raw[4..]).unwrap().extensions.cookie().map(|c| c.0.to_vec());
    assert_eq!(hellos.iter().map(|(_, raw)| cookie(raw)).collect::<Vec<_>>(), [None, Some(b"a cookie".to_vec())]);
}

#[test]
fn encrypted_extensions() {
    let with = |extension: Extension<'static>| {
        broken(plain(), Side::Client, "EncryptedExtensions", move |m| match m {
            Message::EncryptedExtensions(m) => {
                drop_extension(&mut m.0, extension.kind());
                m.0.list.push(extension.clone());
            }
            other => panic!("{other:?}"),
        })
    };
    assert_eq!(with(UNKNOWN), ErrorKind::UnsolicitedExtension(ExtensionType(0x5a5a)));
    assert_illegal(&with(Extension::Alpn(Alpn(vec![b"h3"]))), "protocol_name");
    match with(Extension::KeyShare(KeyShare::Server(share(NamedGroup::X25519)))) {
        ErrorKind::Malformed(m) => assert_eq!(m.problem, Problem::Misplaced),
        other => panic!("{other:?}"),
    }
}

#[test]
fn certificate() {
    let certificate = |configs, at, f: fn(&mut Certificate<'_>)| {
        broken(configs, at, "Certificate", move |m| match m {
            Message::Certificate(m) => f(m),
            other => panic!("{other:?}"),
        })
    };
    let empty = certificate(plain(), Side::Client, |m| m.list.clear());
    assert_eq!(empty.alert(), Some(crate::alert::AlertDescription::DECODE_ERROR));
    assert_illegal(&certificate(plain(), Side::Client, |m| m.context = Some(b"?")), "certificate_request_context");
    assert_eq!(
        certificate(plain(), Side::Client, |m| m.list = vec![m.list[0].clone(); 11]),
        ErrorKind::TooMuch(Limit::Chain)
    );
    assert_eq!(
        certificate(plain(), Side::Client, |m| m.list[0].extensions.list.push(UNKNOWN)),
        ErrorKind::UnsolicitedExtension(ExtensionType(0x5a5a))
    );
}

#[test]
fn certificate_request() {
    let request = |f: fn(&mut crate::message::CertificateRequest13<'_>)| {
        broken(mutual(), Side::Client, "CertificateRequest", move |m| match m {
            Message::CertificateRequest13(m) => f(m),
            other => panic!("{other:?}"),
        })
    };
    assert_illegal(&request(|m| m.context = b"?"), "certificate_request_context");
    assert_eq!(
        request(|m| m.extensions.list.clear()),
        ErrorKind::MissingExtension(ExtensionType::SIGNATURE_ALGORITHMS)
    );
}

#[test]
fn certificate_verify() {
    let verify = |f: fn(&mut CertificateVerify<'_>)| {
        broken(plain(), Side::Client, "CertificateVerify", move |m| match m {
            Message::CertificateVerify(m) => f(m),
            other => panic!("{other:?}"),
        })
    };
    for f in [
        |m: &mut CertificateVerify<'_>| m.scheme = Some(SignatureScheme::RSA_PKCS1_SHA256),
        |m: &mut CertificateVerify<'_>| m.scheme = Some(SignatureScheme::ECDSA_SHA1),
        |m: &mut CertificateVerify<'_>| m.scheme = Some(SignatureScheme::RSA_PSS_RSAE_SHA256),
        |m: &mut CertificateVerify<'_>| m.scheme = Some(SignatureScheme::ED25519),
        // It fits the kind of key, but not the curve.
        |m: &mut CertificateVerify<'_>| m.scheme = Some(SignatureScheme::ECDSA_SECP384R1_SHA384),
    ] {
        assert_illegal(&verify(f), "algorithm");
    }
    assert_eq!(verify(|m| m.signature = &[]), ErrorKind::BadSignature);
}

/// A signature of the other side's is none of this one's.
#[test]
fn signatures_are_bound_to_their_side() {
    let (client, server) = mutual();
    let (client, server) = pair(&Arc::new(client), &Arc::new(server));
    let mut signature = Vec::new();
    let outcome = talk(client, server, |_, from, raw| {
        if Message::name(&raw) != "CertificateVerify" {
            return vec![(raw, true)];
        }
        if from == Side::Server {
            signature = raw.clone();
            return vec![(raw, true)];
        }
        vec![(signature.clone(), true)]
    });
    assert_eq!(*outcome.failed(Side::Server), ErrorKind::BadSignature);
}

#[test]
fn finished() {
    for (configs, at) in [(plain(), Side::Client), (plain(), Side::Server)] {
        let (client, server) = pair(&Arc::new(configs.0), &Arc::new(configs.1));
        let outcome = talk(client, server, |_, from, mut raw| {
            if from != at && Message::name(&raw) == "Finished" {
                *raw.last_mut().unwrap() ^= 1;
            }
            vec![(raw, true)]
        });
        assert_eq!(*outcome.failed(at), ErrorKind::BadFinished);
    }
    assert_eq!(
        broken(plain(), Side::Client, "Finished", edit!(Finished, |m| *m = Finished(&[]))),
        ErrorKind::BadFinished
    );
}

// --- what the client says ---

#[test]
fn client_hello() {
    let hello = |f: fn(&mut ClientHello<'_>)| {
        broken(plain(), Side::Server, "ClientHello", move |m| match m {
            Message::ClientHello(m) => f(m),
            other => panic!("{other:?}"),
        })
    };
    let missing = |kind| ErrorKind::MissingExtension(kind);
    assert_eq!(
        hello(|m| drop_extension(&mut m.extensions, ExtensionType::SUPPORTED_GROUPS)),
        missing(ExtensionType::SUPPORTED_GROUPS)
    );
    assert_eq!(
        hello(|m| drop_extension(&mut m.extensions, ExtensionType::KEY_SHARE)),
        missing(ExtensionType::KEY_SHARE)
    );
    assert_eq!(
        hello(|m| drop_extension(&mut m.extensions, ExtensionType::SIGNATURE_ALGORITHMS)),
        missing(ExtensionType::SIGNATURE_ALGORITHMS)
    );
    let version = hello(|m| m.fixed.legacy_version = ProtocolVersion::TLS1_0);
    assert_eq!(version, ErrorKind::LegacyVersion(ProtocolVersion::TLS1_0));
    let compression = hello(|m| {
        m.fixed.compression_methods = Vector(List::of(&[CompressionMethod::DEFLATE, CompressionMethod::NULL]))
    });
    assert_illegal(&compression, "legacy_compression_methods");
    let twice = hello(|m| {
        drop_extension(&mut m.extensions, ExtensionType::KEY_SHARE);
        static TWO: [KeyShareEntry<'static>; 2] =
            [KeyShareEntry { group: NamedGroup::X25519, key_exchange: Opaque(&SHARE) }; 2];
        m.extensions.list.push(Extension::KeyShare(KeyShare::Client(List::of(&TWO))));
    });
    assert_illegal(&twice, "key_share");
    let suite = hello(|m| m.fixed.cipher_suites = Vector(List::of(&[CipherSuite(0x1305)])));
    assert!(matches!(suite, ErrorKind::NothingInCommon(NothingInCommon::Suite { .. })), "{suite:?}");
    let scheme = hello(|m| {
        drop_extension(&mut m.extensions, ExtensionType::SIGNATURE_ALGORITHMS);
        let list = SignatureAlgorithms(List::of(&[SignatureScheme::ED25519]));
        m.extensions.list.push(Extension::SignatureAlgorithms(list));
    });
    match scheme {
        ErrorKind::NothingInCommon(NothingInCommon::Scheme { theirs, ours }) => {
            assert_eq!(theirs, [SignatureScheme::ED25519]);
            assert_eq!(ours, [SignatureScheme::ECDSA_SECP256R1_SHA256]);
        }
        other => panic!("{other:?}"),
    }
    let mut configs = plain();
    configs.0.policy.groups = vec![NamedGroup::X25519];
    configs.1.policy.groups = vec![NamedGroup::SECP256R1];
    let group = broken(configs, Side::Server, "", |_| {});
    assert!(matches!(group, ErrorKind::NothingInCommon(NothingInCommon::Group { .. })), "{group:?}");
}

/// After a HelloRetryRequest the hello is the same but for what was asked for.
#[test]
fn second_client_hello() {
    let talk_with = |f: fn(&mut ClientHello<'_>)| {
        let (client, server) = retried();
        let (client, server) = pair(&Arc::new(client), &Arc::new(server));
        talk(client, server, move |place, _, raw| {
            if place == 0 || Message::name(&raw) != "ClientHello" {
                return vec![(raw, true)];
            }
            let mut hello = ClientHello::from_body(&raw[4..]).unwrap();
            f(&mut hello);
            vec![(Message::ClientHello(hello).to_bytes(), true)]
        })
    };
    let second = |f| talk_with(f).failed(Side::Server).clone();
    // Another order says the same. It is the client who then finds that its transcript is another one.
    assert_eq!(*talk_with(|m| m.extensions.list.reverse()).failed(Side::Client), ErrorKind::BadSignature);
    assert_illegal(&second(|m| m.fixed.random = &[7; 32]), "ClientHello");
    assert_illegal(&second(|m| m.fixed.session_id = Opaque(&[])), "ClientHello");
    let suites = second(|m| m.fixed.cipher_suites = Vector(List::of(&[CipherSuite::TLS_AES_128_GCM_SHA256])));
    assert_illegal(&suites, "ClientHello");
    assert_illegal(&second(|m| drop_extension(&mut m.extensions, ExtensionType::SERVER_NAME)), "extensions");
    let schemes = second(|m| {
        drop_extension(&mut m.extensions, ExtensionType::SIGNATURE_ALGORITHMS);
        static ONE: [SignatureScheme; 1] = [SignatureScheme::ED25519];
        m.extensions.list.push(Extension::SignatureAlgorithms(SignatureAlgorithms(List::of(&ONE))));
    });
    assert_illegal(&schemes, "extensions");
    assert_illegal(
        &second(|m| m.extensions.list.push(Extension::EarlyData(crate::extension::EarlyData(None)))),
        "early_data",
    );
    let other = second(|m| {
        drop_extension(&mut m.extensions, ExtensionType::KEY_SHARE);
        static ONE: [KeyShareEntry<'static>; 1] =
            [KeyShareEntry { group: NamedGroup::X25519, key_exchange: Opaque(&SHARE) }];
        m.extensions.list.push(Extension::KeyShare(KeyShare::Client(List::of(&ONE))));
    });
    assert_illegal(&other, "key_share");
}

#[test]
fn a_client_without_a_certificate() {
    let (mut client, mut server) = mutual();
    client.credentials = None;
    let (a, b) = pair(&Arc::new(client.clone()), &Arc::new(server.clone()));
    let version = ProtocolVersion::TLS1_3;
    assert_eq!(*talk(a, b, as_it_is).failed(Side::Server), ErrorKind::NoCertificate { version });
    server.client_auth = ClientAuth::Optional(Arc::new(Anyone));
    let (a, b) = pair(&Arc::new(client), &Arc::new(server));
    let outcome = talk(a, b, as_it_is).connected();
    assert!(outcome.server.shared.negotiated.peer_chain.is_empty());
    assert_eq!(outcome.server.shared.negotiated.client_scheme, None);
}

/// A client whose certificate the server cannot check shows none.
#[test]
fn a_client_whose_certificate_does_not_fit() {
    let (client, mut server) = mutual();
    server.client_auth = ClientAuth::Optional(Arc::new(Anyone));
    server.credentials = issued(&rcgen::PKCS_ED25519);
    server.policy.schemes = vec![SignatureScheme::ED25519];
    let (client, server) = pair(&Arc::new(client), &Arc::new(server));
    let outcome = talk(client, server, as_it_is).connected();
    assert_eq!(outcome.client.shared.negotiated.scheme, Some(SignatureScheme::ED25519));
    assert!(outcome.said.contains(&(Side::Client, vec![11, 0, 0, 4, 0, 0, 0, 0])));
}
