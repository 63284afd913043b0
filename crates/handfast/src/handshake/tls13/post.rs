//! Authentication of the client after the handshake (RFC 9846 4.7.2).
//!
//! Each request and its answer are an exchange with a transcript of its own: that of the handshake, and the exchange's messages
//! behind it (RFC 9846 4.5). What is here stands in a box that a connection has only if it may come to this.

use super::super::{Flow, Input};
use super::authentication::{
    Extras, ask_signature, ask_verdict, certificate, check_finished, check_signature, decompress, judged, keep_chain,
    send_finished, send_signature,
};
use super::client::{Own, choose};
use super::server::certificate_request;
use crate::Time;
use crate::config::{ClientAuth, ClientConfig, ServerConfig};
use crate::crypto::Failure;
use crate::error::{Error, ErrorKind, Limit, illegal};
use crate::keys::{TrafficSecret, Transcript};
use crate::message::{Certificate, CertificateRequest13, CertificateVerify, CompressedCertificate, Finished, Message};
use crate::verify::{CertificateError, Stapled, Verified};
use crate::wait::Answer;
use crate::wire::numbers::{
    CertificateCompressionAlgorithm, CertificateType, ExtensionType, ProtocolVersion, SignatureScheme,
};
use rustls_pki_types::{CertificateDer, SubjectPublicKeyInfoDer};
use std::mem;
use std::sync::Arc;

/// How many requests of a server may be open.
const OPEN: usize = 8;

/// What either side keeps for it.
pub(super) enum Post {
    Client(Asked),
    Server(Asking),
}

/// A client that can be asked.
pub(super) struct Asked {
    config: Arc<ClientConfig>,
    /// What its Certificate holds.
    holds: CertificateType,
    /// Up to the client's Finished.
    handshake: Transcript,
    /// How often it was asked.
    count: u32,
    /// Its signature is being made.
    signing: Option<Signing>,
}

/// The answer so far, which is held back, so that nothing comes between its messages.
struct Signing {
    certificate: Vec<u8>,
    scheme: SignatureScheme,
}

/// A server that asks.
pub(super) struct Asking {
    config: Arc<ServerConfig>,
    /// What the client's Certificate holds.
    holds: CertificateType,
    /// Up to the client's Finished.
    handshake: Transcript,
    /// How often it has asked: the number of the newest request.
    count: u32,
    open: Vec<Request>,
    /// An answer that has begun.
    answer: Option<Exchange>,
}

/// A request that is open.
struct Request {
    number: u32,
    /// What the answer has to repeat.
    context: [u8; CONTEXT],
    auth: ClientAuth,
    /// The message.
    raw: Vec<u8>,
}

/// Unpredictable, so that no client can have signed for it before (RFC 9846 4.4.2).
const CONTEXT: usize = 16;

/// An answer, whose Certificate has come.
struct Exchange {
    number: u32,
    /// Whom the client claims to be. Its place is taken by that of the connection while this one is looked at.
    claim: Claim,
    stage: Stage,
}

/// What comes next.
enum Stage {
    /// Its chain is being judged.
    Verdict,
    CertificateVerify,
    Finished,
}

/// All that is known of a client.
#[derive(Default)]
struct Claim {
    chain: Vec<CertificateDer<'static>>,
    stapled: Option<Box<Stapled>>,
    raw_key: Option<SubjectPublicKeyInfoDer<'static>>,
    compression: Option<CertificateCompressionAlgorithm>,
    verified: Option<String>,
    scheme: Option<SignatureScheme>,
    judged: Time,
}

impl Claim {
    fn swap(&mut self, flow: &mut Flow<'_>) {
        let (shared, now) = (&mut *flow.shared, &mut self.judged);
        mem::swap(&mut shared.judged, now);
        mem::swap(&mut shared.negotiated.peer_chain, &mut self.chain);
        mem::swap(&mut shared.negotiated.stapled, &mut self.stapled);
        mem::swap(&mut shared.negotiated.peer_raw_key, &mut self.raw_key);
        mem::swap(&mut shared.negotiated.certificate_compression, &mut self.compression);
        mem::swap(&mut shared.negotiated.verified, &mut self.verified);
        mem::swap(&mut shared.negotiated.client_scheme, &mut self.scheme);
    }

    /// Does something as if the client were proven to be this already. It is not, so the connection does not say so.
    fn suppose<T>(&mut self, flow: &mut Flow<'_>, f: impl FnOnce(&mut Flow<'_>) -> T) -> T {
        self.swap(flow);
        let out = f(flow);
        self.swap(flow);
        out
    }
}

impl Post {
    pub(super) fn asked(config: Arc<ClientConfig>, holds: CertificateType, handshake: Transcript) -> Box<Self> {
        Box::new(Self::Client(Asked { config, holds, handshake, count: 0, signing: None }))
    }

    pub(super) fn asking(config: Arc<ServerConfig>, holds: CertificateType, handshake: Transcript) -> Box<Self> {
        Box::new(Self::Server(Asking { config, holds, handshake, count: 0, open: Vec::new(), answer: None }))
    }

    /// Whether an answer has begun, and its other messages must follow.
    pub(super) fn is_exchanging(&self) -> bool {
        match self {
            Self::Client(asked) => asked.signing.is_some(),
            Self::Server(asking) => asking.answer.is_some(),
        }
    }

    /// A server's requests that are not answered yet, wholly or at all.
    pub(super) fn open_requests(&self) -> usize {
        match self {
            Self::Client(_) => 0,
            Self::Server(asking) => asking.open.len() + usize::from(asking.answer.is_some()),
        }
    }

    /// Whether this is a matter of post-handshake authentication.
    pub(super) fn takes(&self, input: &Input<'_>) -> bool {
        let begins = match self {
            Self::Client(_) => matches!(input, Input::Message(Message::CertificateRequest13(_), _)),
            Self::Server(asking) => {
                let certificate =
                    matches!(input, Input::Message(Message::Certificate(_) | Message::CompressedCertificate(_), _));
                certificate && !asking.open.is_empty()
            }
        };
        begins || self.is_exchanging()
    }

    /// The table of both sides. `client` is the client's present traffic secret, under which its Finished is made.
    pub(super) fn step(&mut self, flow: &mut Flow<'_>, client: &TrafficSecret, input: Input<'_>) -> Result<(), Error> {
        use Input::{Answer as Told, Message as In};
        match self {
            Self::Client(asked) => match (asked.signing.take(), input) {
                (None, In(Message::CertificateRequest13(m), _)) => asked.request(flow, client, &m),
                (Some(signing), Told(Answer::Signature(signature))) => signing.signed(flow, client, signature),
                (_, input) => Err(flow.unexpected(&input, "an answer")),
            },
            Self::Server(asking) => match (asking.answer.take(), input) {
                (None, In(Message::Certificate(m), _)) => asking.certificate(flow, &m, Claim::default()),
                (None, In(Message::CompressedCertificate(m), _)) => asking.compressed(flow, &m),
                (Some(e @ Exchange { stage: Stage::Verdict, .. }), Told(Answer::Verdict(v))) => {
                    asking.judged(flow, e, v)
                }
                (Some(e @ Exchange { stage: Stage::CertificateVerify, .. }), In(Message::CertificateVerify(m), _)) => {
                    asking.verify(flow, e, &m)
                }
                (Some(e @ Exchange { stage: Stage::Finished, .. }), In(Message::Finished(m), _)) => {
                    e.finished(flow, client, &m)
                }
                (Some(e), input) => Err(flow.unexpected(&input, e.expected())),
                (None, input) => Err(flow.unexpected(&input, "Certificate")),
            },
        }
    }

    /// What comes next in an exchange that has begun.
    pub(super) fn expected(&self) -> Option<&'static str> {
        match self {
            Self::Client(asked) => asked.signing.as_ref().map(|_| "an answer"),
            Self::Server(asking) => asking.answer.as_ref().map(Exchange::expected),
        }
    }
}

impl Asked {
    /// Answers at once if there is nothing to sign.
    fn request(
        &mut self,
        flow: &mut Flow<'_>,
        client: &TrafficSecret,
        message: &CertificateRequest13<'_>,
    ) -> Result<(), Error> {
        self.count += 1;
        if self.count > flow.shared.limits.certificate_requests {
            return Err(ErrorKind::TooMuch(Limit::CertificateRequests).into());
        }
        flow.enter_transcript(self.handshake.fork());
        flow.now();
        let own = choose(&self.config, message, self.holds)?;
        let (shown, wanted) = match &own {
            Own::Unasked | Own::Nothing(_) => (None, Extras::default()),
            Own::Certificate(credential, wanted, _) => (Some(&**credential), *wanted),
        };
        // Not compressed, though it could be: with its context it is another one each time, and the work would be done anew.
        let certificate = certificate(shown, wanted, message.context);
        flow.now().absorb(&certificate);
        match own {
            Own::Unasked | Own::Nothing(_) => {
                if let Own::Nothing(why) = own {
                    flow.shows_none(why);
                }
                // Nothing follows our close_notify.
                if !flow.writer.is_closed() {
                    flow.send_apart(&certificate);
                    send_finished(flow, client);
                }
                flow.enter_transcript(Transcript::default());
            }
            Own::Certificate(credential, _, scheme) => {
                ask_signature(flow, &credential, scheme);
                self.signing = Some(Signing { certificate, scheme });
            }
        }
        Ok(())
    }
}

impl Signing {
    fn signed(
        self,
        flow: &mut Flow<'_>,
        client: &TrafficSecret,
        signature: Result<Vec<u8>, Failure>,
    ) -> Result<(), Error> {
        // We may have closed while we waited.
        if !flow.writer.is_closed() {
            flow.send_apart(&self.certificate);
            send_signature(flow, self.scheme, signature)?;
            send_finished(flow, client);
            flow.negotiated().client_scheme = Some(self.scheme);
        }
        flow.enter_transcript(Transcript::default());
        Ok(())
    }
}

impl Asking {
    /// Sends a request, and gives its number.
    pub(super) fn request(&mut self, flow: &mut Flow<'_>, auth: ClientAuth) -> Result<u32, Error> {
        let Some(verifier) = auth.verifier() else {
            return Err(ErrorKind::Misuse("a certificate that nobody judges is not asked for").into());
        };
        if self.open.len() >= OPEN {
            return Err(ErrorKind::Misuse("eight requests for a certificate are open already").into());
        }
        let mut context = [0; CONTEXT];
        flow.shared.provider.random(&mut context)?;
        let raw = certificate_request(flow, &self.config, verifier, &context)?;
        flow.send_apart(&raw);
        self.count = self.count.wrapping_add(1);
        self.open.push(Request { number: self.count, context, auth, raw });
        Ok(self.count)
    }

    fn compressed(&mut self, flow: &mut Flow<'_>, message: &CompressedCertificate<'_>) -> Result<(), Error> {
        let (mut claim, compression) = (Claim::default(), self.config.certificate_compression.as_deref());
        let certificate = claim.suppose(flow, |flow| decompress(flow, compression, message))?;
        self.certificate(flow, &Certificate::from_body(&certificate)?, claim)
    }

    /// The answer to one of the requests, in whatever order.
    fn certificate(&mut self, flow: &mut Flow<'_>, message: &Certificate<'_>, mut claim: Claim) -> Result<(), Error> {
        let context = message.context.unwrap_or_default();
        let Some(at) = self.open.iter().position(|r| r.context == *context) else {
            return Err(illegal(
                "certificate_request_context",
                "is not that of a request that is open",
                "RFC 9846 4.5.1",
            ));
        };
        let Request { number, auth, raw, .. } = self.open.remove(at);
        let mut transcript = self.handshake.fork();
        transcript.absorb(&raw);
        flow.enter_transcript(transcript);
        flow.now();
        let stage = match auth {
            ClientAuth::Required(_) if message.list.is_empty() => {
                return Err(ErrorKind::NoCertificate { version: ProtocolVersion::TLS1_3 }.into());
            }
            ClientAuth::Required(verifier) | ClientAuth::Optional(verifier) if !message.list.is_empty() => {
                claim.suppose(flow, |flow| {
                    let ocsp = self.config.client_ocsp;
                    keep_chain(flow, message, self.holds, |kind| ocsp && kind == ExtensionType::STATUS_REQUEST)?;
                    ask_verdict(flow, &verifier, None, &self.config.policy, ocsp);
                    Ok::<_, Error>(())
                })?;
                Stage::Verdict
            }
            _ => Stage::Finished,
        };
        self.answer = Some(Exchange { number, claim, stage });
        Ok(())
    }

    fn judged(
        &mut self,
        flow: &mut Flow<'_>,
        mut exchange: Exchange,
        verdict: Result<Verified, CertificateError>,
    ) -> Result<(), Error> {
        exchange.claim.suppose(flow, |flow| judged(flow, verdict))?;
        self.answer = Some(Exchange { stage: Stage::CertificateVerify, ..exchange });
        Ok(())
    }

    fn verify(
        &mut self,
        flow: &mut Flow<'_>,
        mut exchange: Exchange,
        message: &CertificateVerify<'_>,
    ) -> Result<(), Error> {
        let policy = &self.config.policy;
        let scheme = exchange.claim.suppose(flow, |flow| check_signature(flow, policy, message))?;
        exchange.claim.scheme = Some(scheme);
        self.answer = Some(Exchange { stage: Stage::Finished, ..exchange });
        Ok(())
    }
}

impl Exchange {
    const fn expected(&self) -> &'static str {
        match self.stage {
            Stage::Verdict => "an answer",
            Stage::CertificateVerify => "CertificateVerify",
            Stage::Finished => "Finished",
        }
    }

    /// The client is whom it claims to be.
    fn finished(mut self, flow: &mut Flow<'_>, client: &TrafficSecret, message: &Finished<'_>) -> Result<(), Error> {
        check_finished(flow, client, message)?;
        let given = !self.claim.chain.is_empty() || self.claim.raw_key.is_some();
        if given {
            self.claim.swap(flow);
        }
        flow.leave_transcript();
        flow.enter_transcript(Transcript::default());
        flow.shared.answered.push((self.number, given));
        Ok(())
    }
}
