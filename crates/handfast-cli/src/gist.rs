//! What messages are for: in a few words, and in a sentence.

use handfast::crypto::KeyExchangeKind;
use handfast::message::Dialect;

/// What a message is, as much as its purpose depends on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Of<'m> {
    /// Its RFC name.
    pub(crate) name: &'m str,
    pub(crate) from_client: bool,
    pub(crate) dialect: Dialect,
}

impl Of<'_> {
    fn is_tls13(self) -> bool {
        self.dialect == Dialect::Tls13
    }

    fn is_rsa(self) -> bool {
        matches!(self.dialect, Dialect::Classic(form) if form.key_exchange == KeyExchangeKind::Rsa)
    }

    /// What it is for, in a few words.
    pub(crate) fn gist(self) -> &'static str {
        match (self.name, self.from_client) {
            ("HelloRequest", _) => "let us shake hands anew",
            ("ClientHello", _) => "what the client can do, and fresh random bytes",
            ("HelloRetryRequest", _) => "yes, but with another key share",
            ("ServerHello", _) if self.is_tls13() => "the choice, and the server's half of the key",
            ("ServerHello", _) => "the choice, and the server's random bytes",
            ("EncryptedExtensions", _) => "what else is agreed, out of sight already",
            ("CertificateRequest", _) => "and who are you?",
            ("Certificate" | "CompressedCertificate", false) => "who the server is",
            ("Certificate" | "CompressedCertificate", true) => "who the client is",
            ("CertificateStatus", _) => "that the certificate is not revoked",
            ("CertificateVerify", false) => "proof that the certificate is the server's own",
            ("CertificateVerify", true) => "proof that the certificate is the client's own",
            ("ServerKeyExchange", _) => "the server's half of the key, signed",
            ("ServerHelloDone", _) => "your turn",
            ("ClientKeyExchange", _) if self.is_rsa() => "the secret, which only the server can read",
            ("ClientKeyExchange", _) => "the client's half of the key",
            ("ChangeCipherSpec", _) if self.is_tls13() => "means nothing; old middleboxes like to see it",
            ("ChangeCipherSpec", _) => "from here on I encrypt",
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
            ("ClientHello", _) => "Opens the handshake: what the client can speak, best first, and fresh random bytes.",
            ("HelloRetryRequest", _) => "Asks for another hello, with a share of a group that the server takes.",
            ("ServerHello", _) => "Chooses: one version, one suite; and adds the server's random bytes.",
            ("EncryptedExtensions", _) => "Answers what need not be in the clear.",
            ("Certificate", false) => "Shows who the server is, and its public key.",
            ("Certificate", true) => "Shows who the client is, because the server asked.",
            ("CompressedCertificate", _) => {
                "A Certificate message, made smaller: certificates are most of a handshake's bytes."
            }
            ("CertificateStatus", _) => {
                "The authority's own word, a few days old at most, that the certificate still holds."
            }
            ("ServerKeyExchange", _) => {
                "The server's half of a Diffie-Hellman exchange, signed with the certificate's key."
            }
            ("CertificateRequest", _) => "Asks the client to show who it is, too.",
            ("ServerHelloDone", _) => "Ends the server's turn: now the client speaks.",
            ("ClientKeyExchange", _) if self.is_rsa() => {
                "Carries the premaster secret, which only the owner of the server's key can read; both ends make all keys of it."
            }
            ("ClientKeyExchange", _) => {
                "The client's half of the Diffie-Hellman exchange: now both ends can make the keys."
            }
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
