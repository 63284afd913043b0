//! Records that no honest end would send, sealed as this end would seal them: from what the key log has, by the formulas of
//! RFC 5246 6.3 and RFC 9846 7.

use super::certificates::Setup;
use super::{End, Pair, Side, noon};
use handfast::crypto::{Aead, BlockCbc, BulkCipher, CbcCipher, HashAlgorithm, Hmac, Mac, Suite, aws_lc};
use handfast::keys::KeyLog;
use handfast::wire::numbers::ProtocolVersion;
use handfast::{ClientConfig, ServerConfig};
use std::collections::HashMap;
use std::sync::{Arc, Mutex};

/// The secrets of one connection, by label.
#[derive(Debug, Default)]
pub struct Secrets(Mutex<HashMap<&'static str, Vec<u8>>>);

impl KeyLog for Secrets {
    fn log(&self, label: &'static str, _: &[u8; 32], secret: &[u8]) {
        self.0.lock().unwrap().insert(label, secret.to_vec());
    }
}

/// A pair whose secrets are known, one of which may be made to say anything.
pub struct Forge {
    pub pair: Pair,
    secrets: Arc<Secrets>,
    /// Records forged under the present keys of client and server.
    forged: [u64; 2],
}

impl Forge {
    /// Both ends, before the handshake.
    pub fn new(setup: &Setup) -> Self {
        Self::of(setup.client_config(), setup.server_config())
    }

    pub fn of(mut client: ClientConfig, mut server: ServerConfig) -> Self {
        let secrets = Arc::new(Secrets::default());
        client.key_log = Some(secrets.clone());
        server.key_log = Some(secrets.clone());
        let pair = Pair::at(&Arc::new(client), &Arc::new(server), noon());
        Self { pair, secrets, forged: [0; 2] }
    }

    /// After the handshake.
    pub fn connected(setup: &Setup) -> Self {
        Self::new(setup).connect()
    }

    pub fn connect(mut self) -> Self {
        self.pair.run().assert_connected();
        self
    }

    /// One record of this type, sealed as `from` would seal its next one.
    pub fn seal(&mut self, from: Side, content: u8, body: &[u8]) -> Vec<u8> {
        self.seal_padded(from, content, body, 0)
    }

    /// With zeros behind it, if it is of TLS 1.3.
    pub fn seal_padded(&mut self, from: Side, content: u8, body: &[u8], padding: usize) -> Vec<u8> {
        let end = self.end(from);
        // The handshake's keys, then those of the application, changed by each KeyUpdate.
        let changes = end.trace().iter().filter(|l| l.starts_with("sent keys") && l.contains("application")).count();
        let number = end.log().sealed + self.forged[from as usize];
        self.forged[from as usize] += 1;
        self.key(from, changes).seal(number, content, body, padding)
    }

    /// One record of TLS 1.3 under the handshake's keys, or the record of this number of TLS 1.2: whatever `from` has sent by now.
    pub fn seal_early(&self, from: Side, number: u64, content: u8, body: &[u8]) -> Vec<u8> {
        self.key(from, 0).seal(number, content, body, 0)
    }

    fn end(&self, side: Side) -> &End {
        if side == Side::Client { &self.pair.client } else { &self.pair.server }
    }

    fn key(&self, from: Side, changes: usize) -> Key {
        // Both ends have agreed on it; who has sent something knows it for sure.
        let negotiated = self.end(from).negotiated();
        let suite = Suite::find(negotiated.suite.expect("a suite")).unwrap();
        match negotiated.version.unwrap() {
            ProtocolVersion::TLS1_3 => self.key_13(from, changes, suite),
            ProtocolVersion::TLS1_2 => self.key_12(from, suite),
            other => panic!("{other} is not forged here"),
        }
    }

    /// Delivers such a record to the other end.
    pub fn say(&mut self, from: Side, content: u8, body: &[u8]) {
        let record = self.seal(from, content, body);
        self.pair.end(from.other()).receive(&record, noon());
    }

    fn secret(&self, label: &str) -> Vec<u8> {
        self.secrets.0.lock().unwrap().get(label).unwrap_or_else(|| panic!("no {label} yet")).clone()
    }

    /// RFC 9846 7.3: of the handshake, or after so many changes.
    fn key_13(&self, from: Side, changes: usize, suite: &Suite) -> Key {
        let label = match (from, changes) {
            (Side::Client, 0) => "CLIENT_HANDSHAKE_TRAFFIC_SECRET",
            (Side::Server, 0) => "SERVER_HANDSHAKE_TRAFFIC_SECRET",
            (Side::Client, _) => "CLIENT_TRAFFIC_SECRET_0",
            (Side::Server, _) => "SERVER_TRAFFIC_SECRET_0",
        };
        let mut secret = self.secret(label);
        for _ in 1..changes {
            secret = expand_label(suite.hash, &secret, b"traffic upd", suite.hash.len());
        }
        let BulkCipher::Aead(algorithm) = suite.bulk else { panic!("not an AEAD") };
        let key = expand_label(suite.hash, &secret, b"key", algorithm.key_len());
        let iv = expand_label(suite.hash, &secret, b"iv", 12);
        Key::Aead { aead: aws_lc::provider().aead(algorithm, &key).unwrap(), iv, tls13: true }
    }

    /// RFC 5246 6.3.
    fn key_12(&self, from: Side, suite: &Suite) -> Key {
        // Header, type and length of the message, version.
        let random = |end: &End| end.sent[5 + 4 + 2..][..32].to_vec();
        let seed = [&b"key expansion"[..], &random(&self.pair.server), &random(&self.pair.client)].concat();
        let block = |length| p_hash(suite.hash, &self.secret("CLIENT_RANDOM"), &seed, length);
        let n = from as usize;
        let algorithm = match suite.bulk {
            BulkCipher::Aead(algorithm) => algorithm,
            BulkCipher::Cbc(CbcCipher::Aes128, Mac::Sha1) => {
                let block = block(2 * (20 + 16));
                return Key::encrypt_then_mac(&block[n * 20..][..20], &block[40 + n * 16..][..16]);
            }
            other => panic!("{other:?} is not forged here"),
        };
        let (key, iv) = (algorithm.key_len(), algorithm.fixed_iv_len());
        let block = block(2 * (key + iv));
        let (keys, ivs) = block.split_at(2 * key);
        let aead = aws_lc::provider().aead(algorithm, &keys[n * key..][..key]).unwrap();
        Key::Aead { aead, iv: ivs[n * iv..][..iv].to_vec(), tls13: false }
    }

    /// What is in the last record that `from` has sent under encrypt-then-MAC.
    pub fn last(&self, from: Side) -> Vec<u8> {
        let Key::EncryptThenMac { open, .. } = self.key(from, 0) else { panic!("not encrypt-then-MAC") };
        let record = super::records(&self.end(from).sent).pop().expect("a record");
        let (iv, sealed) = record[5..record.len() - 20].split_at(16);
        let mut text = sealed.to_vec();
        open.apply(iv, &mut text).unwrap();
        let padding = usize::from(*text.last().unwrap());
        text.truncate(text.len() - padding - 1);
        text
    }
}

/// What one direction is sealed with.
enum Key {
    Aead {
        aead: Box<dyn Aead>,
        iv: Vec<u8>,
        tls13: bool,
    },
    /// AES-128 in CBC mode, and SHA-1 (RFC 7366).
    EncryptThenMac {
        seal: Box<dyn BlockCbc>,
        open: Box<dyn BlockCbc>,
        mac: Box<dyn Hmac>,
    },
}

impl Key {
    fn encrypt_then_mac(mac: &[u8], key: &[u8]) -> Self {
        let provider = aws_lc::provider();
        let legacy = provider.legacy().unwrap();
        let [seal, open] = [true, false].map(|seal| legacy.block_cbc(CbcCipher::Aes128, seal, key).unwrap());
        Self::EncryptThenMac { seal, open, mac: legacy.hmac_old(true, mac) }
    }

    fn seal(&self, number: u64, content: u8, body: &[u8], padding: usize) -> Vec<u8> {
        let (aead, iv, tls13) = match self {
            Self::Aead { aead, iv, tls13 } => (aead, iv, *tls13),
            Self::EncryptThenMac { seal, mac, .. } => {
                let (iv, pad) = ([7; 16], 15 - body.len() % 16);
                let mut text = [body, &vec![pad as u8; pad + 1]].concat();
                seal.apply(&iv, &mut text).unwrap();
                let length = |mac: usize| u16::try_from(iv.len() + text.len() + mac).unwrap().to_be_bytes();
                let mut tag = [0; 20];
                mac.sign(&[&number.to_be_bytes(), &[content, 3, 3], &length(0), &iv, &text], &mut tag);
                return [&[content, 3, 3][..], &length(20), &iv, &text, &tag].concat();
            }
        };
        let mut nonce = [0; 12];
        nonce[..iv.len()].copy_from_slice(iv);
        nonce[4..].iter_mut().zip(number.to_be_bytes()).for_each(|(n, b)| *n ^= b);
        let explicit = if iv.len() == 4 { &nonce[4..] } else { &[] };
        let mut text = body.to_vec();
        let outer = if tls13 { 23 } else { content };
        if tls13 {
            text.push(content);
            text.resize(text.len() + padding, 0);
        }
        let length = u16::try_from(explicit.len() + text.len() + 16).unwrap().to_be_bytes();
        let header = [outer, 3, 3, length[0], length[1]];
        let plain = u16::try_from(body.len()).unwrap().to_be_bytes();
        let classic = [&number.to_be_bytes()[..], &[content, 3, 3], &plain].concat();
        let tag = aead.seal(nonce, if tls13 { &header } else { &classic }, &mut text).unwrap();
        [&header[..], explicit, &text, &tag].concat()
    }
}

fn hmac(hash: HashAlgorithm, key: &[u8], parts: &[&[u8]]) -> Vec<u8> {
    let mut out = vec![0; hash.len()];
    aws_lc::provider().hmac(hash, key).sign(parts, &mut out);
    out
}

/// HKDF-Expand-Label without context, to one block at most.
fn expand_label(hash: HashAlgorithm, secret: &[u8], label: &[u8], length: usize) -> Vec<u8> {
    let info = [&[0, length as u8, 6 + label.len() as u8][..], b"tls13 ", label, &[0, 1]].concat();
    let mut out = hmac(hash, secret, &[&info]);
    out.truncate(length);
    out
}

/// P_hash (RFC 5246 5).
fn p_hash(hash: HashAlgorithm, secret: &[u8], seed: &[u8], length: usize) -> Vec<u8> {
    let (mut out, mut chain) = (Vec::new(), seed.to_vec());
    while out.len() < length {
        chain = hmac(hash, secret, &[&chain]);
        out.extend(hmac(hash, secret, &[&chain, seed]));
    }
    out.truncate(length);
    out
}
