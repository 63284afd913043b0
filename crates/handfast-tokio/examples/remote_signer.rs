//! A server whose private key is elsewhere: behind a network, in an HSM. The key says [`Reply::Later`], the handshake parks, other
//! connections go on, and whoever has the key answers when it can.
//!
//! ```sh
//! cargo run -p handfast-tokio --example remote_signer
//! ```

use handfast::crypto::{Credential, Failure, KeyKind, PrivateKey};
use handfast::verify::SelfSigned;
use handfast::wire::numbers::SignatureScheme;
use handfast::{Answer, ClientConfig, Policy, Reply, ServerConfig, Wait};
use handfast_tokio::{Acceptor, Connector};
use std::error::Error;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// What the server knows of its key: all but the key.
#[derive(Debug)]
struct RemoteKey {
    kind: KeyKind,
    schemes: Vec<SignatureScheme>,
}

impl PrivateKey for RemoteKey {
    fn kind(&self) -> KeyKind {
        self.kind
    }
    fn schemes(&self) -> &[SignatureScheme] {
        &self.schemes
    }
    fn sign(&self, _: SignatureScheme, _: &[u8]) -> Reply<Result<Vec<u8>, Failure>> {
        Reply::Later
    }
}

/// Who has the key. It is far away, and takes its time.
async fn signature(key: Arc<dyn PrivateKey>, wait: Wait) -> Answer {
    let Wait::Signature { scheme, message, .. } = wait else { unreachable!("nothing else in this config says Later") };
    tokio::time::sleep(Duration::from_millis(50)).await;
    println!("the signer: {} bytes with {scheme}", message.len());
    match key.sign(scheme, &message) {
        Reply::Now(signature) => Answer::Signature(signature),
        Reply::Later => Answer::Signature(Err(Failure)),
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()])?;
    let whole = Credential::from_pem(made.cert.pem().as_bytes(), made.signing_key.serialize_pem().as_bytes())?;
    let trusted = Arc::new(SelfSigned::new(whole.chain.first().cloned()));

    // The key stays with the signer; the server gets the certificate, and a stand-in.
    let key = whole.key.clone();
    let stand_in = RemoteKey { kind: key.kind(), schemes: key.schemes().to_vec() };
    let credential = Credential { key: Arc::new(stand_in), ..whole };
    let config = ServerConfig::new(Policy::default(), Arc::new(credential));
    let acceptor = Acceptor::new(Arc::new(config)).with_answers(move |wait| signature(key.clone(), wait));

    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    let serving = tokio::spawn(async move {
        let mut stream = acceptor.accept(listener.accept().await?.0).await?;
        stream.write_all(b"Signed from afar.").await?;
        stream.shutdown().await
    });

    let connector = Connector::new(Arc::new(ClientConfig::new(Policy::default(), trusted)));
    let mut stream = connector.connect("localhost".try_into()?, TcpStream::connect(address).await?).await?;
    let mut said = String::new();
    stream.read_to_string(&mut said).await?;
    println!("the client: {said}");
    serving.await??;
    Ok(())
}
