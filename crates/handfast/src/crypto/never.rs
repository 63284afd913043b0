//! Suites that are recognised by name, and never spoken: what they are, and why not.

use super::Suite;
use crate::wire::CipherSuite;

/// A family of suites that are never spoken here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum NeverSpoken {
    /// Nobody proves who they are (RFC 5246 A.5).
    Anonymous,
    /// Keys of 40 or 56 bits, as exporting once demanded (RFC 2246 A.5).
    Export,
    /// The server's Diffie-Hellman key stands in its certificate, over a prime field or on a curve (RFC 5246 7.4.2, RFC 4492 2.1).
    StaticDh,
    /// DSS certificates (RFC 5246 A.5).
    Dss,
    /// A password (RFC 5054).
    Srp,
    /// Kerberos tickets (RFC 2712).
    Kerberos,
    /// A password on a curve (RFC 8492).
    EccPwd,
    /// TLS_NULL_WITH_NULL_NULL: what a connection begins with, before there are keys.
    Nothing,
    /// Other ciphers: DES, IDEA, SEED, Camellia, ARIA, those of GOST, SM4, AEGIS; and TLS 1.3 without encryption (RFC 9150).
    OtherCipher,
}

impl NeverSpoken {
    /// The family of a suite, if it has a name and is never spoken. Signals that stand among suites are of none.
    pub fn of(suite: CipherSuite) -> Option<Self> {
        let name = suite.name().filter(|name| !name.ends_with("_SCSV"))?;
        if Suite::find(suite).is_some() {
            return None;
        }
        Some(match name {
            "TLS_NULL_WITH_NULL_NULL" => Self::Nothing,
            // What is both is the worse for it.
            _ if name.contains("_anon_") => Self::Anonymous,
            _ if name.contains("_EXPORT") => Self::Export,
            _ if name.starts_with("TLS_KRB5_") => Self::Kerberos,
            _ if name.starts_with("TLS_SRP_") => Self::Srp,
            _ if name.starts_with("TLS_ECCPWD_") => Self::EccPwd,
            _ if name.starts_with("TLS_DH_") || name.starts_with("TLS_ECDH_") => Self::StaticDh,
            _ if name.contains("_DSS_") => Self::Dss,
            _ => Self::OtherCipher,
        })
    }

    /// What they are called, to follow "only" or "no".
    pub fn name(self) -> &'static str {
        match self {
            Self::Anonymous => "anonymous suites",
            Self::Export => "export suites",
            Self::StaticDh => "suites with a Diffie-Hellman key in the certificate",
            Self::Dss => "suites with DSS certificates",
            Self::Srp => "suites with passwords (SRP)",
            Self::Kerberos => "Kerberos suites",
            Self::EccPwd => "suites with passwords (ECCPWD)",
            Self::Nothing => "suites without any protection",
            Self::OtherCipher => "suites with ciphers that are not spoken here",
        }
    }

    /// Why they are never spoken: a clause, to follow their name.
    pub fn why(self) -> &'static str {
        match self {
            Self::Anonymous => {
                "in which nobody proves who they are, so that whoever sits in between can be the other to both"
            }
            Self::Export => {
                "whose keys were made short enough to be found, which today takes hours at most (FREAK, Logjam)"
            }
            Self::StaticDh => {
                "in which one key serves all connections: there is no forward secrecy, and what a peer sends can be made to bring it to light"
            }
            Self::Dss => "whose keys have 1024 bits and sign by SHA-1, and which no authority issues any more",
            Self::Srp => {
                "which no version of today has, and whose passwords whoever has the server's list of them can try out"
            }
            Self::Kerberos => "whose ciphers are all broken or short: DES, RC4, IDEA, Triple DES",
            Self::EccPwd => "which hardly anyone speaks, and which were never made a standard",
            Self::Nothing => "such as every connection begins with, before there are keys",
            Self::OtherCipher => {
                "which hardly any peer has alone, and which are worse, or no better, than those that are spoken"
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_suite_is_spoken_or_of_a_family() {
        use CipherSuite as S;
        use NeverSpoken as N;
        for (suite, family) in [
            (S::TLS_NULL_WITH_NULL_NULL, N::Nothing),
            (S::TLS_DH_anon_WITH_AES_128_CBC_SHA, N::Anonymous),
            (S::TLS_ECDH_anon_WITH_NULL_SHA, N::Anonymous),
            (S::TLS_DH_anon_EXPORT_WITH_RC4_40_MD5, N::Anonymous),
            (S::TLS_RSA_EXPORT_WITH_RC4_40_MD5, N::Export),
            (S::TLS_RSA_EXPORT1024_WITH_DES_CBC_SHA, N::Export),
            (S::TLS_KRB5_EXPORT_WITH_RC4_40_MD5, N::Export),
            (S::TLS_KRB5_WITH_3DES_EDE_CBC_SHA, N::Kerberos),
            (S::TLS_SRP_SHA_DSS_WITH_AES_128_CBC_SHA, N::Srp),
            (S::TLS_DH_DSS_WITH_AES_128_CBC_SHA, N::StaticDh),
            (S::TLS_ECDH_RSA_WITH_AES_128_GCM_SHA256, N::StaticDh),
            (S::TLS_DHE_DSS_WITH_AES_128_GCM_SHA256, N::Dss),
            (S::TLS_ECCPWD_WITH_AES_128_GCM_SHA256, N::EccPwd),
            (S::TLS_RSA_WITH_DES_CBC_SHA, N::OtherCipher),
            (S::TLS_ECDHE_PSK_WITH_ARIA_128_CBC_SHA256, N::OtherCipher),
            (S::TLS_SHA256_SHA256, N::OtherCipher),
            (S::TLS_GOSTR341112_256_WITH_MAGMA_MGM_S, N::OtherCipher),
        ] {
            assert_eq!(N::of(suite), Some(family), "{suite}");
        }
        let mut spoken = 0;
        for suite in S::NAMED {
            let signal = [S::TLS_FALLBACK_SCSV, S::TLS_EMPTY_RENEGOTIATION_INFO_SCSV].contains(suite);
            assert_eq!(N::of(*suite).is_none(), signal || Suite::find(*suite).is_some(), "{suite}");
            spoken += usize::from(Suite::find(*suite).is_some());
        }
        assert_eq!(spoken, super::super::SUITES.len());
        assert_eq!(N::of(S(0x1a1a)), None);
    }
}
