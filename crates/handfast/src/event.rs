//! What the application is told.

mod weakness;

pub use weakness::Weakness;

use crate::alert::Alert;
use crate::verify::Stapled;
use crate::wire::CipherSuite;
use crate::wire::numbers::{CertificateCompressionAlgorithm, NamedGroup, ProtocolVersion, SignatureScheme};
use rustls_pki_types::{CertificateDer, SubjectPublicKeyInfoDer};

/// What [`crate::Connection::receive`] came upon.
#[derive(Debug)]
#[non_exhaustive]
pub enum Event<'b> {
    /// Plaintext, decrypted in place in the caller's buffer.
    Data(&'b mut [u8]),
    /// Plaintext that a client sent before the handshake was done (RFC 9846 4.3.10), which a server takes by
    /// [`crate::ServerConfig::early_data`] only. It comes from someone who has the session's secret, and this server has not taken it
    /// before; but another server may have, and whether the client is still there is not known until [`Event::Connected`]. What must
    /// not be done twice has to wait for that.
    EarlyData(&'b mut [u8]),
    /// The connection is parked on a question: see [`crate::Connection::wait`].
    Parked,
    /// The handshake is done: [`crate::Connection::negotiated`] has it all.
    Connected,
    /// A second handshake on the same connection is done ([`crate::Connection::renegotiate`]): what was negotiated is new.
    Renegotiated,
    /// The peer said close_notify: no more data will come. In TLS 1.3 we may still send; up to TLS 1.2 it has been answered, and
    /// both directions are closed (RFC 5246 7.2.1).
    Closed,
    /// The peer sent a warning; the connection goes on.
    Warning(Alert),
    /// The client has answered [`crate::Connection::request_client_certificate`]: [`Negotiated::peer_chain`] is whom it proved to be,
    /// if it did.
    ClientCertificate {
        /// Which request it answers.
        request: u32,
        /// Whether it gave a certificate. If not, all is as it was.
        given: bool,
    },
}

/// All that was negotiated.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Negotiated {
    /// Whether the peer is a server.
    pub peer_is_server: bool,
    /// The version.
    pub version: Option<ProtocolVersion>,
    /// The suite.
    pub suite: Option<CipherSuite>,
    /// The group of the key exchange; `None` with RSA key exchange, where a pre-shared key is used alone, and where a classic session was resumed.
    pub group: Option<NamedGroup>,
    /// The size in bits of the prime, where keys were made over a prime field up to TLS 1.2: its group may have no name. Not after a
    /// resumption.
    pub dh_bits: Option<u16>,
    /// What the server signed with; `None` with RSA key exchange, with a pre-shared key and when resumed.
    pub scheme: Option<SignatureScheme>,
    /// What the client signed with, if it did.
    pub client_scheme: Option<SignatureScheme>,
    /// The application protocol.
    pub alpn: Option<Vec<u8>>,
    /// Whether early data was accepted; `None` if there was none to accept. If it was not, nothing of it was heard: it may be sent
    /// again, if it still makes sense.
    pub early_data: Option<bool>,
    /// Whether a session was resumed.
    pub resumed: bool,
    /// How many tickets the server expects to send, where the client asked (RFC 9149 3).
    pub tickets: Option<u8>,
    /// Whether there was a HelloRetryRequest.
    pub retried: bool,
    /// The name that the client asked for.
    pub server_name: Option<String>,
    /// The peer's chain, own certificate first; empty if it gave none. After a resumption, that of the first handshake.
    pub peer_chain: Vec<CertificateDer<'static>>,
    /// What came with that chain, if anything did: OCSP responses and signed certificate timestamps. Not after a resumption.
    pub stapled: Option<Box<Stapled>>,
    /// The raw public key that the peer showed instead of a certificate (RFC 7250): a SubjectPublicKeyInfo in DER. After a
    /// resumption, that of the first handshake.
    pub peer_raw_key: Option<SubjectPublicKeyInfoDer<'static>>,
    /// By what the peer's Certificate was compressed, if it was (RFC 8879).
    pub certificate_compression: Option<CertificateCompressionAlgorithm>,
    /// The identity of the external pre-shared key that authenticated both sides, be it in the handshake that is resumed
    /// (RFC 9846 4.3.11). There is then no chain.
    pub psk_identity: Option<Vec<u8>>,
    /// How the peer's chain was judged, in words.
    pub verified: Option<String>,
    /// Whether the master secret is an extended one (RFC 7627).
    pub extended_master_secret: bool,
    /// Whether records are protected by encrypt-then-MAC (RFC 7366): of the suites that have a MAC, CBC can.
    pub encrypt_then_mac: bool,
    /// Whether the peer can renegotiate securely (RFC 5746).
    pub secure_renegotiation: bool,
    /// The most bytes of plaintext that the peer takes in a protected record, if it said so (RFC 8449).
    pub peer_record_size_limit: Option<u16>,
}
