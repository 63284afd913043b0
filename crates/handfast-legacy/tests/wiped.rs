//! No secret stays behind in freed memory: whole connections of `handfast` under an allocator that keeps what is freed. The test
//! stands here because an allocator needs `unsafe`, which no other crate may have.

use handfast::crypto::{Credential, Failure, HashAlgorithm, KeyKind, PrivateKey, aws_lc};
use handfast::keys::{KeyLog, Secret};
use handfast::pki_types::ServerName;
use handfast::session::{ClientSessionKind, ClientStore, MemoryClientStore, Remembered, SessionKey};
use handfast::verify::NotChecked;
use handfast::wire::CipherSuite;
use handfast::wire::numbers::{ProtocolVersion, SignatureScheme};
use handfast::{ClientConfig, Connection, Event, Policy, Reply, ServerConfig, Time};
use std::alloc::{GlobalAlloc, Layout, System};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

/// How many freed blocks are kept at most.
const MOST: usize = 1 << 17;

static KEEPING: AtomicBool = AtomicBool::new(false);
static COUNT: AtomicUsize = AtomicUsize::new(0);
static BLOCKS: [[AtomicUsize; 2]; MOST] = [const { [AtomicUsize::new(0), AtomicUsize::new(0)] }; MOST];

/// The system's, but while it keeps, freed blocks stay as they were when they were freed.
struct Keeper;

// SAFETY: allocates and frees as `System` does; what it does not free it never hands out again.
unsafe impl GlobalAlloc for Keeper {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller's promise is the one that `System` asks for.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        if KEEPING.load(Ordering::SeqCst)
            && let Some([place, size]) = BLOCKS.get(COUNT.fetch_add(1, Ordering::SeqCst))
        {
            place.store(block.expose_provenance(), Ordering::SeqCst);
            size.store(layout.size(), Ordering::SeqCst);
            return;
        }
        // SAFETY: as above.
        unsafe { System.dealloc(block, layout) }
    }
}

#[global_allocator]
static KEEPER: Keeper = Keeper;

/// Runs `f`, and gives what was freed meanwhile.
fn freed<T>(f: impl FnOnce() -> T) -> (T, Vec<&'static [u8]>) {
    COUNT.store(0, Ordering::SeqCst);
    KEEPING.store(true, Ordering::SeqCst);
    let out = f();
    KEEPING.store(false, Ordering::SeqCst);
    let count = COUNT.load(Ordering::SeqCst);
    assert!(count < MOST, "all is kept");
    let block = |[place, size]: &[AtomicUsize; 2]| {
        let start = std::ptr::with_exposed_provenance(place.load(Ordering::SeqCst));
        // SAFETY: the block was allocated with this size, and is never freed nor written again.
        unsafe { std::slice::from_raw_parts(start, size.load(Ordering::SeqCst)) }
    };
    (out, BLOCKS.iter().take(count).map(block).collect())
}

/// What every byte of a secret is combined with while the test knows it, so that the test does not find itself.
const VEIL: u8 = 0xa5;

#[derive(Clone, PartialEq)]
struct Veiled(&'static str, Vec<u8>);

fn veiled(name: &'static str, secret: &[u8]) -> Veiled {
    Veiled(name, secret.iter().map(|b| b ^ VEIL).collect())
}

/// Which of these secrets, or of their first or last 16 bytes, stand in these blocks, and how often.
fn found(secrets: &[Veiled], blocks: &[&[u8]]) -> BTreeMap<(&'static str, usize), usize> {
    let mut out = BTreeMap::new();
    for block in blocks {
        for Veiled(name, secret) in secrets {
            let is = |part: &[u8], window: &[u8]| window.iter().zip(part).all(|(b, s)| b ^ VEIL == *s);
            let (first, last) = (&secret[..16], &secret[secret.len() - 16..]);
            if block.windows(16).any(|w| is(first, w) || is(last, w)) {
                *out.entry((*name, block.len())).or_insert(0) += 1;
            }
        }
    }
    out
}

/// The secrets that a key log is told, and what follows from them.
#[derive(Debug, Default)]
struct Log(Mutex<Vec<(&'static str, Vec<u8>)>>);

impl KeyLog for Log {
    fn log(&self, label: &'static str, _: &[u8; 32], secret: &[u8]) {
        let Veiled(label, secret) = veiled(label, secret);
        self.0.lock().unwrap().push((label, secret));
    }
}

impl Log {
    fn secrets(&self) -> Vec<Veiled> {
        let logged = self.0.lock().unwrap();
        let mut out: Vec<_> = logged.iter().map(|(name, secret)| Veiled(name, secret.clone())).collect();
        for (name, secret) in logged.iter().filter(|(name, _)| name.contains("TRAFFIC")) {
            let secret: Vec<u8> = secret.iter().map(|b| b ^ VEIL).collect();
            out.push(veiled("key of records", &expanded(&secret, b"key", 16)));
            if name.ends_with("_0") {
                let next = expanded(&secret, b"traffic upd", 32);
                out.push(veiled("key of records after a KeyUpdate", &expanded(&next, b"key", 16)));
                out.push(veiled("secret after a KeyUpdate", &next));
            }
        }
        out
    }
}

/// A key that tells the premaster secrets that it decrypts, and those that stand in for them.
#[derive(Debug)]
struct Spy(Arc<dyn PrivateKey>, Arc<Log>);

impl PrivateKey for Spy {
    fn kind(&self) -> KeyKind {
        self.0.kind()
    }
    fn schemes(&self) -> &[SignatureScheme] {
        self.0.schemes()
    }
    fn sign(&self, scheme: SignatureScheme, message: &[u8]) -> Reply<Result<Vec<u8>, Failure>> {
        self.0.sign(scheme, message)
    }
    fn decrypts(&self) -> bool {
        self.0.decrypts()
    }
    fn premaster(&self, encrypted: &[u8], version: u16, fallback: &Secret) -> Reply<Result<Secret, Failure>> {
        let reply = self.0.premaster(encrypted, version, fallback);
        self.1.log("fallback of a premaster secret", &[0; 32], fallback.bytes());
        if let Reply::Now(Ok(premaster)) = &reply {
            assert!(!premaster.same(fallback.bytes()));
            self.1.log("premaster secret", &[0; 32], premaster.bytes());
        }
        reply
    }
}

/// HKDF-Expand-Label without a context, of one block (RFC 9846 7.1), with SHA-256.
fn expanded(secret: &[u8], label: &[u8], length: u8) -> Vec<u8> {
    let name_len = [6 + label.len() as u8];
    let info: [&[u8]; 6] = [&[0, length], &name_len, b"tls13 ", label, &[0], &[1]];
    let mut out = vec![0; length.into()];
    aws_lc::provider().hmac(HashAlgorithm::Sha256, secret).sign(&info, &mut out);
    out
}

/// Gives one end what came for it; how many bytes of plaintext were in it.
fn deliver(mut bytes: Vec<u8>, to: &mut Connection) -> usize {
    let mut plaintext = 0;
    loop {
        let received = to.receive(&mut bytes, Time::default()).unwrap();
        let used = received.used;
        let done = match received.event {
            None | Some(Event::Parked) => true,
            Some(Event::Data(data)) => {
                plaintext += data.len();
                false
            }
            Some(_) => false,
        };
        bytes.drain(..used);
        if done {
            return plaintext;
        }
    }
}

fn carry(from: &mut Connection, to: &mut Connection) {
    let mut bytes = Vec::new();
    from.transmit(&mut bytes);
    assert_eq!(deliver(bytes, to), 0);
}

fn say(from: &mut Connection, to: &mut Connection) {
    let mut bytes = Vec::new();
    from.send(b"data", &mut bytes).unwrap();
    assert_eq!(deliver(bytes, to), 4);
}

/// A handshake, data both ways, new keys where there are such.
fn connection(client: &Arc<ClientConfig>, server: &Arc<ServerConfig>, resumed: bool) {
    let name = ServerName::try_from("server.test").unwrap();
    let mut client = Connection::client(client.clone(), name, Time::default()).unwrap();
    let mut server = Connection::server(server.clone());
    for _ in 0..3 {
        carry(&mut client, &mut server);
        carry(&mut server, &mut client);
    }
    assert_eq!((client.negotiated().resumed, client.is_connected()), (resumed, true));
    let updated = client.update_keys(true, Time::default());
    assert_eq!(updated.is_ok(), client.negotiated().version == Some(ProtocolVersion::TLS1_3));
    let mut exported = [0; 32];
    let exports = client.export(&mut exported, b"EXPORTER-test", None).is_ok();
    assert_eq!(exports, client.negotiated().version != Some(ProtocolVersion::SSL3_0));
    for _ in 0..2 {
        say(&mut client, &mut server);
        say(&mut server, &mut client);
    }
}

/// All that a server and a client do in three connections, with and without a session, and the end of all their sessions. Gives
/// the secrets of those.
fn connections(policy: &Policy, chain: &[u8], key: &[u8], by_id: bool, log: &Arc<Log>) -> Vec<Veiled> {
    let store = Arc::new(MemoryClientStore::default());
    let mut client = ClientConfig::new(policy.clone(), Arc::new(NotChecked));
    let mut credential = Credential::from_pem(chain, key).unwrap();
    credential.key = Arc::new(Spy(credential.key, log.clone()));
    let mut server = ServerConfig::new(policy.clone(), Arc::new(credential));
    client.store = Some(store.clone());
    client.key_log = Some(log.clone());
    server.key_log = Some(log.clone());
    if by_id {
        server.tickets = None;
        server = server.with_session_cache();
    }
    let (client, server) = (Arc::new(client), Arc::new(server));
    for resumed in [false, true, true] {
        connection(&client, &server, resumed);
    }
    let mut secrets = Vec::new();
    let key = SessionKey("server.test".into());
    while let Reply::Now(Remembered { session: Some(session), .. }) = store.take(&key, Time::default()) {
        match &session.kind {
            ClientSessionKind::Tls13(session) => secrets.push(veiled("PSK of a session", session.psk.bytes())),
            ClientSessionKind::Classic(session) => {
                secrets.push(veiled("master secret of a session", session.master.bytes()));
                store.forget(&key);
            }
        }
    }
    secrets
}

#[test]
fn no_secret_stays_in_freed_memory() {
    let p256: (&[u8], &[u8]) = (
        include_bytes!("../../handfast/tests/pem/p256.cert.pem"),
        include_bytes!("../../handfast/tests/pem/p256.pkcs8.pem"),
    );
    let rsa: (&[u8], &[u8]) = (
        include_bytes!("../../handfast/tests/pem/rsa.cert.pem"),
        include_bytes!("../../handfast/tests/pem/rsa.pkcs8.pem"),
    );
    let [v30, v10, v11, v12, v13] = [
        ProtocolVersion::SSL3_0,
        ProtocolVersion::TLS1_0,
        ProtocolVersion::TLS1_1,
        ProtocolVersion::TLS1_2,
        ProtocolVersion::TLS1_3,
    ];
    let cbc = CipherSuite::TLS_RSA_WITH_AES_128_CBC_SHA;
    for (version, suite, (chain, key), by_id, least) in [
        (v13, CipherSuite::TLS_AES_128_GCM_SHA256, p256, false, 20),
        (v12, CipherSuite::TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, p256, false, 2),
        (v12, CipherSuite::TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, p256, true, 2),
        (v12, cbc, rsa, false, 4),
        (v10, cbc, rsa, false, 4),
        (v10, cbc, rsa, true, 4),
        (v11, cbc, rsa, false, 4),
        (v11, cbc, rsa, true, 4),
        (v30, cbc, rsa, true, 4),
        (v30, CipherSuite::TLS_RSA_WITH_RC4_128_SHA, rsa, true, 4),
    ] {
        let mut policy = Policy::museum();
        (policy.min_version, policy.max_version, policy.suites) = (version, version, vec![suite]);
        let log = Arc::new(Log::default());
        let (mut secrets, blocks) = freed(|| connections(&policy, chain, key, by_id, &log));
        secrets.extend(log.secrets());
        assert!(secrets.len() >= least && blocks.len() > 100, "{version}: {} secrets", secrets.len());
        assert_eq!(secrets.iter().any(|s| s.0 == "premaster secret"), chain == rsa.0);
        assert_eq!(found(&secrets, &blocks), BTreeMap::new(), "{version}, {suite}");

        // It would be found if it were there.
        let Veiled(_, secret) = &secrets[0];
        let bare = || secret.iter().map(|b| b ^ VEIL).collect::<Vec<_>>();
        let (_, blocks) = freed(|| drop(std::hint::black_box(bare())));
        assert!(!found(&secrets, &blocks).is_empty());
    }
}
