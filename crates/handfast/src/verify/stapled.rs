//! What a peer hands over with its chain.

/// What came with a chain: what an authority says of it by now, and which logs have seen it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stapled {
    /// OCSP responses (RFC 6960), DER: the nth is for the nth certificate of the chain, and empty where none came. There may be
    /// fewer than certificates: before TLS 1.3 only the peer's own can have one.
    pub ocsp: Vec<Vec<u8>>,
    /// Signed certificate timestamps (RFC 6962 3.2) of the peer's own certificate, one by one as they came. Those inside of
    /// certificates and OCSP responses are not among them. Nobody here judges them: that takes a list of logs, and a policy.
    pub scts: Vec<Vec<u8>>,
}

impl Stapled {
    /// The response for a certificate of the chain (0: the peer's own), if one came.
    pub fn response(&self, certificate: usize) -> Option<&[u8]> {
        self.ocsp.get(certificate).map(Vec::as_slice).filter(|r| !r.is_empty())
    }
}
