use super::*;

#[test]
fn a_suite_that_another_policy_has_is_named_with_that_policy() {
    let theirs = vec!["TLS_RSA_WITH_AES_128_CBC_SHA".to_string(), "TLS_FALLBACK_SCSV".to_string()];
    let error = Error::from(NothingInCommon::Suite { theirs, ours: vec!["TLS_AES_128_GCM_SHA256".into()] });
    let words = error.during("ClientHello", true).explain();
    assert_eq!(words.blame, Blame::Neither);
    assert_eq!(words.alert, Some(A::HANDSHAKE_FAILURE));
    assert!(words.why.starts_with("At the peer's ClientHello: no cipher suite in common"), "{}", words.why);
    assert!(!words.why.contains("SCSV"), "{}", words.why);
    assert!(words.remedy.contains("--policy compatible"), "{}", words.remedy);
}

#[test]
fn suites_that_are_never_spoken_are_named_with_the_reason() {
    let said = |theirs: &[&str]| {
        let theirs = theirs.iter().map(|s| (*s).to_owned()).collect();
        Error::from(NothingInCommon::Suite { theirs, ours: Vec::new() }).explain()
    };
    let anonymous = "TLS_DH_anon_WITH_AES_128_CBC_SHA";
    let words = said(&[anonymous, "TLS_EMPTY_RENEGOTIATION_INFO_SCSV", "GREASE 0x1a1a"]);
    assert!(words.why.contains("only anonymous suites, in which nobody proves"), "{}", words.why);
    assert!(words.why.ends_with("never spoken here.") && !words.why.contains("  "), "{}", words.why);
    assert!(words.remedy.contains("others"), "{}", words.remedy);
    let words = said(&["TLS_RSA_EXPORT_WITH_RC4_40_MD5", anonymous]);
    assert!(
        words.why.contains("only export suites, whose") && words.why.contains("; and anonymous suites"),
        "{}",
        words.why
    );
    // Whoever has another, or one that is not known, is not told so.
    for other in ["TLS_RSA_WITH_AES_128_CBC_SHA", "0x1234"] {
        assert!(!said(&[anonymous, other]).why.contains("never"));
    }
    assert!(!said(&[]).why.contains("never"));
}

#[test]
fn an_old_version_is_named_with_the_policy_that_has_it() {
    let error = Error::from(NothingInCommon::Version {
        theirs: vec![ProtocolVersion::TLS1_0],
        ours: vec![ProtocolVersion::TLS1_3],
    });
    assert!(error.explain().remedy.contains("--policy legacy"));
    assert_eq!(error.alert(), Some(A::PROTOCOL_VERSION));
}

#[test]
fn a_received_alert_is_shown_and_not_sent() {
    let error = Error::new(ErrorKind::PeerAlert(A::UNKNOWN_CA));
    assert_eq!(error.alert(), None);
    assert_eq!(error.explain().alert, Some(A::UNKNOWN_CA));
    assert!(error.to_string().contains("unknown_ca"));
}

/// Where `main` returns an error, or `unwrap` meets one, it is `Debug` that is shown.
#[test]
fn debug_says_what_to_do() {
    let error = Error::new(ErrorKind::NotTls(NotTls::Http)).during("ServerHello", true);
    let Explanation { why, rule, remedy, .. } = error.explain();
    assert!(why.contains("ServerHello") && !remedy.is_empty());
    let rule = if rule.is_empty() { String::new() } else { format!(" ({rule})") };
    assert_eq!(format!("{error:?}"), format!("{why}{rule} {remedy}"));
    let boxed: Box<dyn std::error::Error> = std::io::Error::from(error).into();
    assert!(format!("{boxed:?}").contains(&remedy), "{boxed:?}");
}

#[test]
fn every_sentence_ends_and_no_kind_is_silent() {
    use super::super::NothingInCommon as N;
    use crate::wire::numbers::{
        CertificateCompressionAlgorithm, ContentType, ExtensionType, HandshakeType, NamedGroup,
    };
    use crate::wire::{Malformed, Problem};
    use ErrorKind as K;
    let (got, expected) = (HandshakeType::FINISHED, "Certificate");
    let malformed = Malformed { field: "random", at: 6, problem: Problem::Truncated };
    let certificate = CertificateError::Revoked { detail: "the peer's own certificate was revoked".into() };
    let version = ProtocolVersion::TLS1_2;
    let limits = [Limit::MessageSize, Limit::HandshakeBytes, Limit::Chain, Limit::EmptyRecords, Limit::Warnings];
    let more = [
        Limit::KeyUpdates,
        Limit::ChangeCipherSpecs,
        Limit::Renegotiations,
        Limit::RenegotiationData,
        Limit::CertificateRequests,
        Limit::EarlyData,
        Limit::Records,
    ];
    let nothing = [
        N::Version { theirs: vec![version], ours: Vec::new() },
        N::Suite { theirs: Vec::new(), ours: Vec::new() },
        N::Group { theirs: Vec::new(), ours: vec![NamedGroup::X25519] },
        N::Scheme { theirs: Vec::new(), ours: Vec::new() },
        N::Field { theirs: vec![NamedGroup::FFDHE2048], ours: Vec::new() },
        N::Protocol { theirs: vec!["h2".into()], ours: Vec::new() },
        N::CertificateType { theirs: Vec::new(), ours: Vec::new() },
        N::Compression,
        N::Psk,
        N::PskHint,
        N::EncryptThenMac(CipherSuite::TLS_RSA_WITH_AES_256_CBC_SHA256),
    ];
    let protocols = [NotTls::Http, NotTls::Ssh, NotTls::Smtp, NotTls::Ftp, NotTls::Unknown];
    let kinds = [
        K::Malformed(malformed),
        K::UnexpectedMessage { got, expected },
        K::UnexpectedRecord { got: ContentType::ALERT, expected },
        K::IllegalParameter { field: "session_id", why: "is too long", rule: "RFC 5246 7.4.1.2" },
        K::RecordVersion { got: version, expected: ProtocolVersion::TLS1_0 },
        K::LegacyVersion(version),
        K::EarlyDataVersion(version),
        K::EarlyDataProtocol,
        K::RecordOverflow,
        K::BadRecordMac,
        K::UnsolicitedExtension(ExtensionType::COOKIE),
        K::MissingExtension(ExtensionType::KEY_SHARE),
        K::InappropriateFallback,
        K::Downgrade,
        K::InsufficientSecurity("an extended master secret"),
        K::Certificate(certificate),
        K::BadCompression(CertificateCompressionAlgorithm::BROTLI),
        K::Sslv2Hello(ProtocolVersion(2)),
        K::Sslv2Hello(ProtocolVersion::TLS1_0),
        K::NoCertificate { version },
        K::IdentityChanged,
        K::RenegotiationRefused,
        K::UnrecognizedName(String::new()),
        K::UnrecognizedName("example.org".into()),
        K::BadSignature,
        K::BadFinished,
        K::BadBinder,
        K::BadKeyShare(NamedGroup::X25519),
        K::BadDhShare,
        K::SmallDhGroup { bits: 1024, least: 2048 },
        K::UnknownPsk,
        K::Truncated { established: false },
        K::Truncated { established: true },
        K::BadAnswer,
        K::AnswerFailed("signing the handshake"),
        K::Crypto(crate::crypto::Failure),
        K::NoChannelBinding("the certificate is signed without a hash"),
        K::Config("no suite can be spoken".into()),
    ];
    let limits = limits.into_iter().chain(more).map(K::TooMuch);
    let kinds = kinds.into_iter().chain(limits).chain(nothing.map(K::NothingInCommon)).chain(protocols.map(K::NotTls));
    for kind in kinds {
        let said = [false, true].map(|is_server| kind.words(Here { policy: None, is_server }));
        for sentence in said.into_iter().flat_map(|w| [w.why, w.remedy]) {
            assert!(sentence.len() > 15 && sentence.ends_with('.') && !sentence.contains("  "), "{sentence}");
        }
    }
    for n in 0..=255 {
        let words = alerts::peer_alert(A(n), Here::default());
        assert!(words.why.ends_with('.') && words.why.len() > 20, "{n}");
    }
    for (alert, blame) in [
        (A::CERTIFICATE_REQUIRED, Blame::Neither),
        (A::CERTIFICATE_UNKNOWN, Blame::Neither),
        (A::CERTIFICATE_EXPIRED, Blame::Us),
        (A::INTERNAL_ERROR, Blame::Peer),
    ] {
        assert_eq!(alerts::peer_alert(alert, Here::default()).blame, blame, "{alert}");
    }
}

#[test]
fn a_server_is_told_of_clients() {
    let at = |kind: ErrorKind, is_server| Error::new(kind).under(Some("default"), is_server).explain();
    let plain = |is_server| at(ErrorKind::NotTls(NotTls::Http), is_server).remedy;
    assert!(plain(true).contains("https://") && plain(true).contains("this port speaks TLS"), "{}", plain(true));
    assert!(plain(false).contains("the server's TLS port"));
    let cut = |is_server| at(ErrorKind::Truncated { established: false }, is_server).remedy;
    assert!(cut(true).contains("the client's log") && !cut(true).contains("--max-version"), "{}", cut(true));
    assert!(cut(false).contains("--max-version"));
    let protocol = NothingInCommon::Protocol { theirs: vec!["h3".into()], ours: vec!["h2".into()] };
    assert!(!at(ErrorKind::NothingInCommon(protocol), true).remedy.contains("Offer"));
}
