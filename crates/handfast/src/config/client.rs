//! A client's config.

use super::{Limits, RecordPadding};
use crate::compression::Compression;
use crate::crypto::{Credential, Provider, aws_lc};
use crate::error::Error;
use crate::extension::TicketCounts;
use crate::keys::KeyLog;
use crate::policy::Policy;
use crate::psk::ClientPsks;
use crate::session::{ClientStore, MemoryClientStore};
use crate::verify::Verifier;
use crate::wire::numbers::{CertificateType, ProtocolVersion, SignatureScheme};
use std::fmt;
use std::sync::Arc;

/// A client's config.
#[derive(Clone, Debug)]
pub struct ClientConfig {
    /// What may be spoken.
    pub policy: Policy,
    /// Who judges the server.
    pub verifier: Arc<dyn Verifier>,
    /// The primitives.
    pub provider: Arc<dyn Provider>,
    /// Client certificates; none by default.
    pub credentials: Option<Arc<dyn ClientCredentials>>,
    /// What a server may show, best first (RFC 7250): X.509 alone by default. A raw public key says nothing of whose it is: the
    /// verifier must know it, as [`crate::verify::PinnedLeaf::keys`] does.
    pub server_certificate_types: Vec<CertificateType>,
    /// How certificates may be compressed, the server's and our own, in TLS 1.3 (RFC 8879); not by default.
    pub certificate_compression: Option<Arc<Compression>>,
    /// External pre-shared keys; none by default. A server that takes one shows no certificate. One that takes none has to show one
    /// that the verifier is content with: with [`crate::verify::NoCertificates`] it can show none.
    ///
    /// Up to TLS 1.2 they are for the suites that take one, of which the policy must have some; the policy's order says whether these
    /// go before others. There RSA_PSK has the server show a certificate all the same, beside the key.
    pub psks: Option<Arc<dyn ClientPsks>>,
    /// Application protocols in order of preference, each of 1 to 255 bytes; none by default.
    pub alpn: Vec<Vec<u8>>,
    /// Where sessions are kept; in memory by default. `None`: nothing is resumed. A session that is resumed is not judged again, and
    /// goes on under the client certificate it was made with: two configs may share a store only if their verifiers and their own
    /// certificates are the same. One whose server was authenticated by a pre-shared key that is not offered any more, by a type of
    /// certificate that is not taken any more, or by rules for old certificates that accept more than the policy's, is not resumed.
    pub store: Option<Arc<dyn ClientStore>>,
    /// Whether early data is offered where a session allows it (RFC 9846 4.3.10); no by default. See
    /// [`crate::Connection::send_early`] for what may be said in it.
    pub early_data: bool,
    /// How many tickets a TLS 1.3 server is asked for (RFC 9149), which it may heed; not asked by default. More than
    /// [`Limits::tickets`] are not kept.
    pub ticket_request: Option<TicketCounts>,
    /// Where secrets are logged; nowhere by default.
    pub key_log: Option<Arc<dyn KeyLog>>,
    /// Whether the server is asked for an OCSP response with its certificate; yes by default. It costs nine bytes, and what comes
    /// is for the verifier: without one, a certificate that was revoked yesterday is as good as new.
    pub ocsp: bool,
    /// Whether the server is asked for signed certificate timestamps; no by default, since no verifier here looks at them. What
    /// comes is in [`crate::Negotiated::stapled`], and a verifier of one's own finds it in [`crate::verify::PeerToVerify::stapled`].
    pub scts: bool,
    /// The authorities that a server of TLS 1.3 should have its certificate from, as DER names (RFC 9846 4.3.4), of 32 KiB in all
    /// at most; none by default, which is: any. Those of a verifier are had by [`Verifier::authorities`]. They tell whom this client
    /// trusts, to whoever listens.
    pub authorities: Vec<Vec<u8>>,
    /// Whether the server is told the name it is asked for; yes by default. An address is never told.
    pub send_server_name: bool,
    /// The newest version that this client speaks, where this is a second try at older ones only (RFC 7507); `None` by default. It
    /// adds TLS_FALLBACK_SCSV, unless a session of that version is resumed; and it is by this version, and not by the policy's newest,
    /// that a server's warning of a downgrade is measured (RFC 9846 4.2.3): whoever cuts the first try gains nothing by it.
    pub fallback: Option<ProtocolVersion>,
    /// Bounds on what the server may make us do.
    pub limits: Limits,
    /// The most bytes of plaintext in a record; 16384.
    pub max_fragment: usize,
    /// The most bytes of plaintext that the server may send in a protected record, in TLS 1.3 with content type and padding: 64 to
    /// 16385, said in record_size_limit (RFC 8449). `None`, the default, says nothing. A server that does not know the extension
    /// sends what it likes.
    pub record_size_limit: Option<u16>,
    /// How much our TLS 1.3 records are padded; not at all by default.
    pub padding: Option<Arc<dyn RecordPadding>>,
    /// Whether a TLS 1.3 server may ask for a certificate after the handshake (RFC 9846 4.3.6); not by default. `credentials` are
    /// asked each time.
    pub post_handshake_auth: bool,
    /// Whether the ClientHello has values in it that nobody knows, so that servers stay used to that (RFC 8701); not by default.
    pub grease: bool,
    /// Whether the ClientHello's extensions stand in another order each time, so that nobody comes to rely on one; not by default.
    pub shuffle_extensions: bool,
    /// How many bytes a ClientHello has at least, its header of four included: a shorter one is padded with zeros (RFC 7685). `None`
    /// by default. 512 is for servers that choke on a hello of 256 to 511 bytes.
    pub pad_hello: Option<u16>,
}

/// What a server wants that asks for a client's certificate.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct CertificateWanted<'a> {
    /// The version that is spoken.
    pub version: ProtocolVersion,
    /// The signatures of handshakes that both sides can do, in our order of preference: the key must sign by one of them. Up to TLS
    /// 1.2 a server says which types of certificates it takes, too (RFC 5246 7.4.4): what no such type signs by is left out.
    pub schemes: &'a [SignatureScheme],
    /// The signatures that the server can verify in certificates (RFC 9846 4.3.3): those of signature_algorithms_cert where it sends
    /// that, else all that it can verify at all. Empty before TLS 1.2, where it does not say.
    pub cert_schemes: &'a [SignatureScheme],
    /// The authorities that it would like the certificate to be from, as DER names; empty: any.
    pub authorities: &'a [&'a [u8]],
}

impl<'a> CertificateWanted<'a> {
    /// A certificate of any authority, with a key that signs by one of these schemes, as certificates may be signed, too.
    pub fn new(version: ProtocolVersion, schemes: &'a [SignatureScheme]) -> Self {
        Self { version, schemes, cert_schemes: schemes, authorities: &[] }
    }

    /// The same, of one of these authorities.
    pub fn of(self, authorities: &'a [&'a [u8]]) -> Self {
        Self { authorities, ..self }
    }

    /// The same, where certificates may be signed by these.
    pub fn signed_by(self, cert_schemes: &'a [SignatureScheme]) -> Self {
        Self { cert_schemes, ..self }
    }
}

/// A client's certificates.
pub trait ClientCredentials: Send + Sync + fmt::Debug {
    /// The one to use; `None` sends none.
    ///
    /// It shows a certificate, or where [`ClientCredentials::certificate_types`] offered raw public keys and the server chose that,
    /// its raw key: then [`ClientCredentials::choose_raw_key`] is asked instead.
    fn choose(&self, wanted: &CertificateWanted<'_>) -> Option<Arc<Credential>>;
    /// Why none of them is chosen, in words: a clause, for the error if the server ends the connection for that.
    fn why_none(&self, _wanted: &CertificateWanted<'_>) -> String {
        "none of those that are configured was chosen".into()
    }

    /// What can be shown, best first (RFC 7250 4.1); X.509 alone if it is not said otherwise.
    fn certificate_types(&self) -> Vec<CertificateType> {
        vec![CertificateType::X509]
    }

    /// The one whose raw public key is to be shown, where only the schemes count; `None` shows none.
    fn choose_raw_key(&self, _wanted: &CertificateWanted<'_>) -> Option<Arc<Credential>> {
        None
    }
}

/// One certificate, whatever the server would like.
impl ClientCredentials for Credential {
    fn choose(&self, wanted: &CertificateWanted<'_>) -> Option<Arc<Credential>> {
        (self.shows(CertificateType::X509) && self.can_sign(wanted.schemes)).then(|| Arc::new(self.clone()))
    }
    fn why_none(&self, _: &CertificateWanted<'_>) -> String {
        format!("{} can sign by no scheme of both sides", crate::verify::subject_in_words(&self.chain))
    }

    fn certificate_types(&self) -> Vec<CertificateType> {
        self.types()
    }

    fn choose_raw_key(&self, wanted: &CertificateWanted<'_>) -> Option<Arc<Credential>> {
        (self.shows(CertificateType::RAW_PUBLIC_KEY) && self.can_sign(wanted.schemes)).then(|| Arc::new(self.clone()))
    }
}

impl ClientConfig {
    /// What is shown to a server that wants this; or why there is nothing to show, in a clause.
    pub(crate) fn credential(
        &self,
        wanted: &CertificateWanted<'_>,
        what: CertificateType,
    ) -> Result<Arc<Credential>, Box<str>> {
        let Some(credentials) = &self.credentials else { return Err(not_shown(wanted, "none is configured")) };
        let chosen = match what {
            CertificateType::RAW_PUBLIC_KEY => credentials.choose_raw_key(wanted),
            _ => credentials.choose(wanted),
        };
        chosen.ok_or_else(|| not_shown(wanted, &credentials.why_none(wanted)))
    }

    /// Whether the config can work: what does not hang on the server. Each connection asks.
    pub(crate) fn check(&self) -> Result<(), Error> {
        self.policy.check(&*self.provider)?;
        super::check(&self.alpn, self.max_fragment, self.record_size_limit)
    }

    /// A config of this policy, in which servers are judged by this verifier.
    pub fn new(policy: Policy, verifier: Arc<dyn Verifier>) -> Self {
        Self {
            policy,
            verifier,
            provider: aws_lc::provider(),
            credentials: None,
            server_certificate_types: vec![CertificateType::X509],
            certificate_compression: None,
            psks: None,
            alpn: Vec::new(),
            store: Some(Arc::new(MemoryClientStore::default())),
            early_data: false,
            ticket_request: None,
            key_log: None,
            ocsp: true,
            scts: false,
            authorities: Vec::new(),
            send_server_name: true,
            fallback: None,
            limits: Limits::default(),
            max_fragment: 1 << 14,
            record_size_limit: None,
            padding: None,
            post_handshake_auth: false,
            grease: false,
            shuffle_extensions: false,
            pad_hello: None,
        }
    }
}

/// What was asked for, and why it is not shown.
fn not_shown(wanted: &CertificateWanted<'_>, why: &str) -> Box<str> {
    let from =
        crate::verify::names_in_words(wanted.authorities).map_or_else(String::new, |names| format!(" from {names}"));
    format!("the peer had asked for a certificate{from}, and was shown none: {why}").into()
}
