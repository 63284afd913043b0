//! What both sides do alike once a suite is agreed: the secrets, the keys, Finished.

use super::super::{Exporter, Flow, Side, State};
use super::renegotiation::{Proofs, keeps_identity};
use super::session::With;
use super::{Rules, Session};
use crate::crypto::{HashAlgorithm, Provider, Suite};
use crate::error::{Error, ErrorKind};
use crate::handshake::Established;
use crate::keys::made::{self, Made};
use crate::keys::{Derivation, MasterSecret, Secret, Transcript};
use crate::message::{Dialect, Finished, Message};
use crate::record::{ClassicKeys, Opener, Sealer};
use crate::wire::numbers::SignatureScheme;
use std::sync::Arc;
use subtle::ConstantTimeEq;

/// What the hellos agreed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Agreed {
    pub(super) rules: &'static Rules,
    pub(super) suite: &'static Suite,
    pub(super) extended_master_secret: bool,
    /// CBC is used as encrypt-then-MAC (RFC 7366).
    pub(super) encrypt_then_mac: bool,
}

impl Agreed {
    /// From here on messages are read by these rules, and hashed.
    pub(super) fn settle(self, flow: &mut Flow<'_>, resumed: bool) {
        flow.agree(self.rules.version, Dialect::Classic(self.rules.form(self.suite)));
        flow.shared.first_finished = None;
        let negotiated = flow.negotiated();
        negotiated.suite = Some(self.suite.number);
        negotiated.extended_master_secret = self.extended_master_secret;
        negotiated.encrypt_then_mac = self.encrypt_then_mac;
        negotiated.resumed = resumed;
        let provider = flow.provider();
        flow.now().start(&*provider, self.hash());
        if resumed {
            flow.now().forget();
        }
    }

    pub(super) fn hash(self) -> HashAlgorithm {
        self.rules.hash(self.suite)
    }

    fn derivation(self) -> Derivation {
        self.rules.derivation(self.suite)
    }

    /// What SSL 3.0 derives has no label.
    fn labelled(self, made: Made) -> Made {
        match self.derivation() {
            Derivation::Prf(_) => made,
            Derivation::Ssl3 => Made { label: "", ..made },
        }
    }
}

/// The master secret, and what it is one of.
pub(super) struct Secrets {
    pub(super) agreed: Agreed,
    pub(super) master: MasterSecret,
    proofs: Proofs,
}

impl Secrets {
    /// From the premaster secret. ClientKeyExchange is the newest message: an extended master secret covers all up to it.
    pub(super) fn agree(flow: &mut Flow<'_>, agreed: Agreed, premaster: &Secret) -> Self {
        let provider = flow.provider();
        let (master, made) = if agreed.extended_master_secret {
            let hash = flow.now().hash();
            (MasterSecret::extended(&*provider, agreed.hash(), premaster, &hash), made::EXTENDED_MASTER)
        } else {
            let (client, server) = (&flow.shared.client_random, &flow.shared.server_random);
            (MasterSecret::new(&*provider, agreed.derivation(), premaster, client, server), made::MASTER)
        };
        flow.made(&agreed.labelled(made), &master.secret);
        Self { agreed, master, proofs: Proofs::default() }
    }

    /// From a session.
    pub(super) fn resume(flow: &mut Flow<'_>, agreed: Agreed, master: Secret) -> Self {
        flow.made(&made::OLD_MASTER, &master);
        let master = MasterSecret::known(&*flow.shared.provider, agreed.derivation(), master);
        Self { agreed, master, proofs: Proofs::default() }
    }

    /// The keys to read and to write with, each to be used up.
    pub(super) fn keys(&self, flow: &mut Flow<'_>) -> Result<(Opener, Sealer), Error> {
        let Agreed { rules, suite, encrypt_then_mac, .. } = self.agreed;
        let (provider, shared) = (&flow.shared.provider, &flow.shared);
        let forms = rules.records(encrypt_then_mac);
        let block =
            self.master.key_block(&**provider, suite, forms.implicit_iv, &shared.client_random, &shared.server_random);
        if flow.is_watched() {
            let lengths = block.lengths();
            flow.made_unseen(&self.agreed.labelled(made::KEY_BLOCK), lengths.iter().sum());
            for (slice, length) in made::SLICES.iter().zip(lengths).filter(|(_, length)| *length > 0) {
                flow.made_unseen(slice, length);
            }
        }
        let (provider, side) = (&flow.shared.provider, flow.shared.side);
        let keys = |mac, key, iv| ClassicKeys { mac, key, iv, forms };
        let client = keys(&block.client_mac, &block.client_key, &block.client_iv);
        let server = keys(&block.server_mac, &block.server_key, &block.server_iv);
        let (ours, theirs) = match side {
            Side::Client => (client, server),
            Side::Server => (server, client),
        };
        Ok((Opener::classic(provider, suite, theirs)?, Sealer::classic(provider, suite, ours)?))
    }

    /// What a client signs to prove that it has its key, over these messages, and by which scheme.
    pub(super) fn proof(
        &self,
        provider: Arc<dyn Provider>,
        transcript: &Transcript,
        scheme: SignatureScheme,
    ) -> (SignatureScheme, Vec<u8>) {
        match self.agreed.derivation() {
            Derivation::Prf(_) => (scheme, transcript.raw().to_vec()),
            Derivation::Ssl3 => {
                let digests = self.master.to_sign_in_ssl3(&*provider, transcript);
                (SignatureScheme::RSA_PKCS1_SSL3, digests.to_vec())
            }
        }
    }

    /// Sends ChangeCipherSpec and, under the new keys, Finished.
    pub(super) fn finish(&mut self, flow: &mut Flow<'_>, keys: Sealer) -> Result<(), Error> {
        flow.change_write_keys(keys)?;
        let ours = flow.shared.side == Side::Client;
        let provider = flow.provider();
        let data = self.master.verify_data(&*provider, ours, flow.now());
        flow.send(&Message::Finished(Finished(&data)));
        self.note(flow, ours, &data);
        Ok(())
    }

    /// Checks the peer's Finished, which is the newest message.
    pub(super) fn check(&mut self, flow: &mut Flow<'_>, finished: &Finished<'_>) -> Result<(), Error> {
        let theirs = flow.shared.side == Side::Server;
        let provider: &dyn Provider = &*flow.shared.provider;
        let expected = self.master.verify_data(provider, theirs, flow.before());
        if !bool::from(expected.ct_eq(finished.0)) {
            return Err(ErrorKind::BadFinished.into());
        }
        self.note(flow, theirs, finished.0);
        keeps_identity(flow)
    }

    /// Notes the Finished of one side. The first of a handshake, of whichever side, is its tls-unique (RFC 5929 3.1).
    fn note(&mut self, flow: &mut Flow<'_>, client: bool, verify_data: &[u8]) {
        let first = &mut flow.shared.first_finished;
        *first = first.or_else(|| verify_data.try_into().ok());
        self.proofs.note(if client { Side::Client } else { Side::Server }, verify_data);
    }

    /// The handshake is done. `with`: what another one would be done with.
    pub(super) fn connected(self, flow: &mut Flow<'_>, with: With) -> State {
        // There is no exporter without a PRF (RFC 5705 4).
        flow.shared.exporter = match self.agreed.derivation() {
            Derivation::Prf(hash) => Some(Exporter::Classic { master: self.master.secret, hash }),
            Derivation::Ssl3 => None,
        };
        flow.connected();
        State::Established(Established::Classic(Session::new(flow, self.proofs, with)))
    }
}
