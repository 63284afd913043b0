//! What messages are for: in a few words, and in a sentence.

use handfast::crypto::KeyExchangeKind;
use handfast::extension::SupportedVersions;
use handfast::message::{Dialect, Message};

/// What a message is, as much as its purpose depends on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Of<'m> {
    /// Its RFC name.
    pub(crate) name: &'m str,
    pub(crate) from_client: bool,
    pub(crate) dialect: Dialect,
    /// All of it, where it is a handshake message.
    pub(crate) raw: &'m [u8],
    /// Whether it answers a HelloRetryRequest.
    pub(crate) again: bool,
}

impl Of<'_> {
    fn is_tls13(self) -> bool {
        self.dialect == Dialect::Tls13
    }

    /// How the secret comes about, up to TLS 1.2.
    fn exchange(self) -> Option<KeyExchangeKind> {
        match self.dialect {
            Dialect::Classic(form) => Some(form.key_exchange),
            _ => None,
        }
    }

    /// Whether it is a Certificate that holds none: who sends it has none to show.
    fn is_empty(self) -> bool {
        match Message::decode(self.raw, self.dialect) {
            Ok(Message::Certificate(certificate)) => certificate.list.is_empty(),
            Ok(Message::RawPublicKey(key)) => key.0.is_empty(),
            _ => false,
        }
    }

    /// Of a ServerHello or HelloRetryRequest: whether it chooses TLS 1.3, and whether it is about a key share. A pre-shared key may do
    /// without one, and a retry may be for a cookie alone.
    fn answer(self) -> (bool, bool) {
        match Message::decode(self.raw, self.dialect) {
            Ok(Message::ServerHello(hello) | Message::HelloRetryRequest(hello)) => {
                let e = &hello.extensions;
                (matches!(e.supported_versions(), Some(SupportedVersions::Selected(_))), e.key_share().is_some())
            }
            _ => (self.is_tls13(), false),
        }
    }

    /// What it is for, in a few words.
    pub(crate) fn gist(self) -> &'static str {
        match (self.name, self.from_client) {
            ("HelloRequest", _) => "let us shake hands anew",
            ("ClientHello", _) if self.again => "the same again, with what the server asked for",
            ("ClientHello", _) => "what the client can do, and fresh random bytes",
            ("HelloRetryRequest", _) if self.answer().1 => "yes, but with another key share",
            ("HelloRetryRequest", _) => "yes, but show me this cookie again",
            ("ServerHello", _) if self.answer() == (true, true) => "the choice, and the server's half of the key",
            ("ServerHello", _) => "the choice, and the server's random bytes",
            ("EncryptedExtensions", _) => "what else is agreed, out of sight already",
            ("CertificateRequest", _) => "and who are you?",
            ("Certificate" | "CompressedCertificate", false) => "who the server is",
            ("Certificate", true) if self.is_empty() => "that the client has none to show",
            ("Certificate" | "CompressedCertificate", true) => "who the client is",
            ("CertificateStatus", _) => "whether the certificate is revoked",
            ("CertificateVerify", false) => "proof that the certificate is the server's own",
            ("CertificateVerify", true) => "proof that the certificate is the client's own",
            ("ServerKeyExchange", _) => match self.exchange() {
                Some(KeyExchangeKind::Psk | KeyExchangeKind::RsaPsk) => "which pre-shared key is meant",
                Some(KeyExchangeKind::DhePsk | KeyExchangeKind::EcdhePsk) => "the server's half of the key",
                _ => "the server's half of the key, signed",
            },
            ("ServerHelloDone", _) => "your turn",
            ("ClientKeyExchange", _) => match self.exchange() {
                Some(KeyExchangeKind::Rsa) => "the secret, which only the server can read",
                Some(KeyExchangeKind::RsaPsk) => "which key both have, and a secret that only the server can read",
                Some(KeyExchangeKind::Psk) => "which key both have",
                Some(KeyExchangeKind::DhePsk | KeyExchangeKind::EcdhePsk) => {
                    "which key both have, and the client's half of another"
                }
                _ => "the client's half of the key",
            },
            ("ChangeCipherSpec", _) if self.is_tls13() => "means nothing; old middleboxes like to see it",
            ("ChangeCipherSpec", _) => "from here on I use the new keys",
            ("Finished", false) => "we both saw the same messages, says the server",
            ("Finished", true) => "we both saw the same messages, says the client",
            ("NewSessionTicket", _) => "something to be known by next time",
            ("EndOfEarlyData", _) => "that was the early data",
            ("KeyUpdate", _) => "new keys from here on",
            ("close_notify", _) => "nothing more comes",
            _ => "",
        }
    }

    /// Why it is sent, in a sentence.
    pub(crate) fn why(self) -> &'static str {
        match (self.name, self.from_client) {
            ("HelloRequest", _) => "Asks for a new handshake on the same connection.",
            ("ClientHello", _) if self.again => {
                "Says once more what the client can speak, under the same random bytes, and brings what the server asked for."
            }
            ("ClientHello", _) => "Opens the handshake: what the client can speak, best first, and fresh random bytes.",
            ("HelloRetryRequest", _) if self.answer().1 => {
                "Asks for another hello, with a share of a group that the server takes."
            }
            ("HelloRetryRequest", _) => {
                "Asks for another hello, with this cookie in it: whoever gets it, and says it again, is where it says that it is."
            }
            ("ServerHello", _) => "Chooses: one version, one suite; and adds the server's random bytes.",
            ("EncryptedExtensions", _) => "Answers what need not be in the clear.",
            ("Certificate", false) => "Shows who the server is, and its public key.",
            ("Certificate", true) if self.is_empty() => {
                "The server asked who the client is, and it has no certificate to show."
            }
            ("Certificate", true) => "Shows who the client is, because the server asked.",
            ("CompressedCertificate", _) => {
                "A Certificate message, made smaller: certificates are most of a handshake's bytes."
            }
            ("CertificateStatus", _) => {
                "The authority's own word, of the last days as a rule, on whether the certificate still holds."
            }
            ("ServerKeyExchange", _) => match self.exchange() {
                Some(KeyExchangeKind::Psk | KeyExchangeKind::RsaPsk) => {
                    "A hint, by which the client may know which pre-shared key to take."
                }
                Some(KeyExchangeKind::DhePsk | KeyExchangeKind::EcdhePsk) => {
                    "The server's half of a Diffie-Hellman exchange. Nobody signs it: the pre-shared key goes into the secret, too."
                }
                _ => "The server's half of a Diffie-Hellman exchange, signed with the certificate's key.",
            },
            ("CertificateRequest", _) => "Asks the client to show who it is, too.",
            ("ServerHelloDone", _) => "Ends the server's turn: now the client speaks.",
            ("ClientKeyExchange", _) => match self.exchange() {
                Some(KeyExchangeKind::Rsa) => {
                    "Carries the premaster secret, which only the owner of the server's key can read; both ends make all keys of it."
                }
                Some(KeyExchangeKind::RsaPsk) => {
                    "Names the pre-shared key, and carries a secret that only the owner of the server's key can read: all keys are made of both."
                }
                Some(KeyExchangeKind::Psk) => "Names the pre-shared key, of which both ends make all keys.",
                Some(KeyExchangeKind::DhePsk | KeyExchangeKind::EcdhePsk) => {
                    "Names the pre-shared key, and brings the client's half of the Diffie-Hellman exchange: all keys are made of both."
                }
                _ => "The client's half of the Diffie-Hellman exchange: now both ends can make the keys.",
            },
            ("CertificateVerify", true) => {
                "Proves that the client has the certificate's key: a signature over every message so far."
            }
            ("CertificateVerify", false) => {
                "Proves that the server has the certificate's key: a signature over every message so far."
            }
            ("ChangeCipherSpec", _) if self.is_tls13() => {
                "Means nothing here: it makes TLS 1.3 look familiar to old middleboxes."
            }
            ("ChangeCipherSpec", _) => {
                "Says: from here on, what I send is protected with the keys that we just agreed on."
            }
            ("Finished", _) => {
                "Proves that both ends saw the same messages and made the same keys: nobody changed a word."
            }
            ("NewSessionTicket", _) => "Something to resume by next time.",
            ("EndOfEarlyData", _) => "Ends what came early: what follows is protected with the handshake's keys.",
            ("KeyUpdate", _) => "Changes the keys of its sender.",
            ("close_notify", _) => "Says that nothing more comes, so that nobody between can cut the end off unseen.",
            _ => "",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use handfast::message::ClassicForm;

    fn of(name: &str, from_client: bool, dialect: Dialect) -> Of<'_> {
        Of { name, from_client, dialect, raw: &[], again: false }
    }

    fn classic(key_exchange: KeyExchangeKind) -> Dialect {
        let (schemes, premaster_length) = (true, true);
        let form =
            ClassicForm { schemes, premaster_length, no_certificate_alert: false, key_exchange, raw_public_key: false };
        Dialect::Classic(form)
    }

    #[test]
    fn a_hello_that_is_said_again_opens_nothing() {
        let first = of("ClientHello", true, Dialect::Hello);
        let second = Of { again: true, ..first };
        assert!(first.why().starts_with("Opens the handshake") && first.gist().contains("fresh"));
        assert!(!second.why().contains("Opens") && second.why().contains("same random bytes"));
        assert!(!second.gist().contains("fresh"));
    }

    #[test]
    fn only_what_is_signed_is_said_to_be() {
        for (exchange, signed) in [
            (KeyExchangeKind::Dhe, true),
            (KeyExchangeKind::Ecdhe, true),
            (KeyExchangeKind::Psk, false),
            (KeyExchangeKind::RsaPsk, false),
            (KeyExchangeKind::DhePsk, false),
            (KeyExchangeKind::EcdhePsk, false),
        ] {
            let message = of("ServerKeyExchange", false, classic(exchange));
            assert_eq!(message.gist().contains("signed"), signed, "{exchange:?}");
            assert_eq!(message.why().contains("signed with"), signed, "{exchange:?}");
        }
    }

    #[test]
    fn halves_of_a_key_are_there_only_if_they_are_made() {
        for (exchange, half) in [
            (KeyExchangeKind::Rsa, false),
            (KeyExchangeKind::RsaPsk, false),
            (KeyExchangeKind::Psk, false),
            (KeyExchangeKind::EcdhePsk, true),
            (KeyExchangeKind::Dhe, true),
        ] {
            let message = of("ClientKeyExchange", true, classic(exchange));
            assert_eq!((message.gist().contains("half"), message.why().contains("half")), (half, half), "{exchange:?}");
        }
    }

    /// TLS 1.2's, and those of TLS 1.3 with a key share (here of one byte) and without.
    #[test]
    fn a_server_hello_has_a_half_of_a_key_only_if_it_has_a_share() {
        let hello = |extensions: &[u8]| {
            let length = u8::try_from(extensions.len()).expect("short");
            let body = [&[3, 3][..], &[7; 32], &[0, 0x13, 1, 0, 0, length], extensions].concat();
            [&[2, 0, 0, u8::try_from(body.len()).expect("short")][..], &body].concat()
        };
        let version = [0, 43, 0, 2, 3, 4];
        let share = [0, 51, 0, 5, 0, 29, 0, 1, 9];
        let gist = |raw: &[u8]| Of { raw, ..of("ServerHello", false, Dialect::Hello) }.gist();
        assert!(gist(&hello(&[&version[..], &share].concat())).contains("half of the key"));
        for without in [&version[..], &[]] {
            assert!(!gist(&hello(without)).contains("half of the key"), "{without:?}");
        }
        let cookie = [0, 44, 0, 3, 0, 1, 5];
        let mut retry = hello(&[&version[..], &cookie].concat());
        retry[6..38].copy_from_slice(&handfast::message::HELLO_RETRY_REQUEST_RANDOM);
        let retry = Of { raw: &retry, ..of("HelloRetryRequest", false, Dialect::Hello) };
        assert!(retry.gist().contains("cookie") && retry.why().contains("cookie"), "{}", retry.gist());
    }

    #[test]
    fn a_client_that_shows_nothing_does_not_show_who_it_is() {
        let raw = [11, 0, 0, 3, 0, 0, 0];
        let none = Of { raw: &raw, ..of("Certificate", true, classic(KeyExchangeKind::Ecdhe)) };
        assert!(none.gist().contains("none to show") && none.why().contains("no certificate to show"));
    }
}
