//! What becomes of a session that a client offers to resume, or of an external pre-shared key.

use std::fmt;

/// By what a handshake is to do without certificates.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum By {
    /// A ticket of TLS 1.2 or older (RFC 5077).
    Ticket,
    /// A session ID of TLS 1.2 or older (RFC 5246 7.4.1.2). Clients of TLS 1.3 send one that names nothing (RFC 9846 E.4), so that a
    /// server that keeps sessions finds [`Verdict::Unknown`] for each of them.
    SessionId,
    /// A ticket of TLS 1.3, behind which there is a PSK (RFC 9846 2.2).
    Psk,
    /// A pre-shared key that was agreed on by other means (RFC 9846 2.2, RFC 4279).
    ExternalPsk,
}

impl By {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Ticket, Self::SessionId, Self::Psk, Self::ExternalPsk];

    /// Its name, for programs.
    pub fn name(self) -> &'static str {
        match self {
            Self::Ticket => "ticket",
            Self::SessionId => "session_id",
            Self::Psk => "psk",
            Self::ExternalPsk => "external_psk",
        }
    }
}

/// In words.
impl fmt::Display for By {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Ticket => "session ticket",
            Self::SessionId => "session ID",
            Self::Psk => "session ticket of TLS 1.3",
            Self::ExternalPsk => "external pre-shared key",
        })
    }
}

/// What becomes of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Verdict {
    /// Client: it is offered.
    Offered,
    /// Client: there is a session, but it is not offered: it is too old, or does not go with what this config offers or asks of
    /// servers.
    Unfit,
    /// Client: the server takes it.
    Accepted,
    /// Client: the server does not take it, and does not say why.
    Declined,
    /// Server: it is taken.
    Taken,
    /// Server: it stands for nothing that is known here, or it cannot be opened.
    Unknown,
    /// Server: no such thing is made or kept here.
    NotKept,
    /// Server: its time is over.
    Expired,
    /// Server: it is of another version.
    OtherVersion,
    /// Server: it is of a cipher suite that is not offered or not allowed any more; in TLS 1.3 of another hash.
    OtherSuite,
    /// Server: it was made for another name.
    OtherName,
    /// Server: it was made when clients were asked for other certificates.
    OtherAuthentication,
    /// Server: clients have to show a certificate now, and this one had shown none.
    NoCertificate,
    /// Server: the pre-shared key that it goes back to is gone, or is another.
    PskGone,
    /// Server: it had encrypt-then-MAC, which the client offers no more (RFC 7366 3.1).
    NoEncryptThenMac,
    /// Server: it has no extended master secret, and the client or the policy wants one (RFC 7627 5.3).
    NoExtendedMasterSecret,
    /// Server: client and policy have no way in common to use it (psk_key_exchange_modes, RFC 9846 4.3.9).
    NoMode,
}

impl Verdict {
    /// All of them.
    pub const ALL: [Self; 17] = [
        Self::Offered,
        Self::Unfit,
        Self::Accepted,
        Self::Declined,
        Self::Taken,
        Self::Unknown,
        Self::NotKept,
        Self::Expired,
        Self::OtherVersion,
        Self::OtherSuite,
        Self::OtherName,
        Self::OtherAuthentication,
        Self::NoCertificate,
        Self::PskGone,
        Self::NoEncryptThenMac,
        Self::NoExtendedMasterSecret,
        Self::NoMode,
    ];

    /// Its name, for programs.
    pub fn name(self) -> &'static str {
        match self {
            Self::Offered => "offered",
            Self::Unfit => "unfit",
            Self::Accepted => "accepted",
            Self::Declined => "declined",
            Self::Taken => "taken",
            Self::Unknown => "unknown",
            Self::NotKept => "not_kept",
            Self::Expired => "expired",
            Self::OtherVersion => "other_version",
            Self::OtherSuite => "other_suite",
            Self::OtherName => "other_name",
            Self::OtherAuthentication => "other_authentication",
            Self::NoCertificate => "no_certificate",
            Self::PskGone => "psk_gone",
            Self::NoEncryptThenMac => "no_encrypt_then_mac",
            Self::NoExtendedMasterSecret => "no_extended_master_secret",
            Self::NoMode => "no_mode",
        }
    }
}

/// In words: a clause of which the [`By`] is the subject.
impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Offered => "is offered to the server",
            Self::Unfit => "is not offered: it is too old, or does not go with what is offered or asked for now",
            Self::Accepted => "is accepted by the server",
            Self::Declined => "is not accepted by the server, which need not say why",
            Self::Taken => "is taken",
            Self::Unknown => "is not taken: it stands for nothing that is known here, or it cannot be opened",
            Self::NotKept => "is not taken: no such thing is made or kept here",
            Self::Expired => "is not taken: its time is over",
            Self::OtherVersion => "is not taken: it is of another version",
            Self::OtherSuite => "is not taken: it is of a cipher suite that does not fit this handshake",
            Self::OtherName => "is not taken: it was made for another server name",
            Self::OtherAuthentication => "is not taken: clients were asked for other certificates when it was made",
            Self::NoCertificate => "is not taken: clients have to show a certificate now, and this one had shown none",
            Self::PskGone => "is not taken: the pre-shared key that it goes back to is gone, or is another now",
            Self::NoEncryptThenMac => "is not taken: it had encrypt-then-MAC, which the client does not offer any more",
            Self::NoExtendedMasterSecret => "is not taken: it has no extended master secret, and has to have one now",
            Self::NoMode => "is not taken: client and server have no way in common to use it",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn each_has_a_name_and_words_of_its_own() {
        let names: BTreeSet<_> = Verdict::ALL.iter().map(|v| v.name()).collect();
        let words: BTreeSet<_> = Verdict::ALL.iter().map(ToString::to_string).collect();
        assert_eq!((names.len(), words.len()), (Verdict::ALL.len(), Verdict::ALL.len()));
        let (names, words) = (By::ALL.map(By::name), By::ALL.map(|by| by.to_string()));
        assert_eq!(names.into_iter().collect::<BTreeSet<_>>().len(), By::ALL.len());
        assert_eq!(words.into_iter().collect::<BTreeSet<_>>().len(), By::ALL.len());
    }
}
