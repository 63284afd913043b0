//! Over tokio's in-memory pipes, which may be as narrow as a byte.

#[path = "../../handfast/tests/common/mod.rs"]
mod common;

use common::certificates::Setup;
use common::{NAME, Side, later, pattern};
use handfast::alert::AlertDescription;
use handfast::crypto::{KeyKind, aws_lc};
use handfast::pki_types::ServerName;
use handfast::trace::{Inside, Trace};
use handfast::verify::{CertificateError, PeerToVerify, Verified, Verifier};
use handfast::wire::CipherSuite;
use handfast::wire::numbers::{ContentType, ProtocolVersion};
use handfast::{ChannelBinding, ClientConfig, Connection, Error, ErrorKind, Reply, ServerConfig, Time};
use handfast_tokio::{Acceptor, Answers, Connector, Handshake, TlsStream};
use std::future::Future;
use std::io::{self, IoSlice};
use std::pin::pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader, DuplexStream, duplex, split};
use tokio::task::yield_now;
use tokio::{join, select};

type Tls = TlsStream<DuplexStream>;

const VERSIONS: [ProtocolVersion; 3] = [ProtocolVersion::TLS1_0, ProtocolVersion::TLS1_2, ProtocolVersion::TLS1_3];

fn name() -> ServerName<'static> {
    ServerName::try_from(NAME).unwrap()
}

fn ends(setup: &Setup) -> (Connector, Acceptor) {
    let (client, server) = setup.configs();
    (Connector::new(client), Acceptor::new(server))
}

fn tls13() -> Setup {
    Setup::new(ProtocolVersion::TLS1_3)
}

/// Both ends, connected through a pipe of this width.
async fn pair(setup: &Setup, width: usize) -> (Tls, Tls) {
    let (connector, acceptor) = ends(setup);
    let (near, far) = duplex(width);
    let (client, server) = join!(connector.connect(name(), near), acceptor.accept(far));
    (client.unwrap(), server.unwrap())
}

fn inner(error: &io::Error) -> &Error {
    error.get_ref().and_then(|e| e.downcast_ref()).expect("an error of ours inside")
}

/// Within a time that only a hang exceeds.
async fn soon<T>(work: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(20), work).await.expect("it hangs")
}

#[tokio::test]
async fn pipes_of_any_width() {
    soon(async {
        for version in VERSIONS {
            for width in [1, 2, 7, 100, 5000, 1 << 20] {
                let (mut client, mut server) = pair(&Setup::new(version).mutual(KeyKind::Ecdsa), width).await;
                assert_eq!(client.connection().negotiated().version, Some(version));
                let data = pattern(20_000);
                let mut got = vec![0; data.len()];
                let (sent, read) = join!(
                    async {
                        client.write_all(&data).await?;
                        client.flush().await
                    },
                    server.read_exact(&mut got)
                );
                sent.unwrap();
                read.unwrap();
                assert!(got == data);
            }
        }
    })
    .await;
}

#[tokio::test]
async fn much_data_both_ways_at_once() {
    const SIZE: usize = 4 << 20;
    async fn copy(stream: Tls) -> Tls {
        let (mut reader, mut writer) = split(stream);
        let data = pattern(SIZE);
        let mut got = Vec::new();
        let (sent, read) = join!(
            async {
                writer.write_all(&data).await?;
                writer.shutdown().await
            },
            reader.read_to_end(&mut got)
        );
        sent.unwrap();
        read.unwrap();
        assert!(got == data);
        reader.unsplit(writer)
    }
    soon(async {
        for version in VERSIONS {
            for width in [1000, 100_000] {
                let (client, server) = pair(&Setup::new(version), width).await;
                let (client, server) = (tokio::spawn(copy(client)), tokio::spawn(copy(server)));
                assert!(client.await.unwrap().connection().peer_closed());
                assert!(server.await.unwrap().connection().peer_closed());
            }
        }
    })
    .await;
}

/// Keys change while both directions are full: neither task may wait for the other's waker.
#[tokio::test]
async fn key_updates_in_full_pipes() {
    async fn work(stream: Tls, rounds: usize) {
        let (mut reader, mut writer) = split(stream);
        let writing = tokio::spawn(async move {
            for _ in 0..rounds {
                writer.write_all(&pattern(3000)).await.unwrap();
            }
            writer.shutdown().await.unwrap();
            writer
        });
        let mut got = Vec::new();
        reader.read_to_end(&mut got).await.unwrap();
        assert_eq!(got.len(), rounds * 3000);
        drop(writing.await.unwrap());
    }
    soon(async {
        for width in [1, 64, 3000] {
            let (mut client, mut server) = pair(&tls13(), width).await;
            client.connection_mut().update_keys(true, Time::now()).unwrap();
            server.connection_mut().update_keys(true, Time::now()).unwrap();
            join!(work(client, 20), work(server, 20));
        }
    })
    .await;
}

/// A second handshake while both directions are full, in halves that are two tasks: a write waits for it, whoever reads.
#[tokio::test]
async fn a_second_handshake_in_full_pipes() {
    async fn work(stream: Tls, rounds: usize) -> Tls {
        let (mut reader, mut writer) = split(stream);
        let writing = tokio::spawn(async move {
            for _ in 0..rounds {
                writer.write_all(&pattern(3000)).await.unwrap();
            }
            writer.flush().await.unwrap();
            writer
        });
        let mut got = vec![0; rounds * 3000];
        reader.read_exact(&mut got).await.unwrap();
        assert!(got == pattern(3000).repeat(rounds));
        // Whatever is left of the handshake.
        assert!(tokio::time::timeout(Duration::from_millis(50), reader.read_u8()).await.is_err(), "no more is said");
        reader.unsplit(writing.await.unwrap())
    }
    let ask = |wait: handfast::Wait| async move {
        tokio::time::sleep(Duration::from_millis(1)).await;
        later::answer(&wait, Time::now())
    };
    soon(async {
        for version in [ProtocolVersion::TLS1_0, ProtocolVersion::TLS1_2] {
            for starts in [Side::Client, Side::Server] {
                for (width, later) in [(1, false), (64, true), (3000, false), (100_000, true)] {
                    let setup = Setup { tickets: false, ..Setup::new(version).again(starts) };
                    let (client, server) = setup.configs();
                    let (connector, acceptor) = match later {
                        false => (Connector::new(client), Acceptor::new(server)),
                        true => {
                            let client = Connector::new(Arc::new(later::client(&client))).with_answers(ask);
                            (client, Acceptor::new(Arc::new(later::server(&server))).with_answers(ask))
                        }
                    };
                    let (near, far) = duplex(width);
                    let (client, server) = join!(connector.connect(name(), near), acceptor.accept(far));
                    let (mut client, mut server) = (client.unwrap(), server.unwrap());
                    let before = client.connection().channel_binding(ChannelBinding::Unique).unwrap();
                    let starter = if starts == Side::Client { &mut client } else { &mut server };
                    starter.connection_mut().renegotiate(Time::now()).unwrap();
                    let rounds = if width == 1 { 2 } else { 20 };
                    let (client, server) = join!(work(client, rounds), work(server, rounds));
                    let after = client.connection().channel_binding(ChannelBinding::Unique).unwrap();
                    assert_ne!(before, after);
                    assert_eq!(server.connection().channel_binding(ChannelBinding::Unique).unwrap(), after);
                }
            }
        }
    })
    .await;
}

/// A handshake that is polled by reference among other things goes on where it was.
#[tokio::test]
async fn a_handshake_can_be_left_and_taken_up_again() {
    async fn interrupted<F: Future>(future: F) -> F::Output {
        let mut future = pin!(future);
        loop {
            select! {
                biased;
                done = &mut future => return done,
                () = yield_now() => {}
            }
        }
    }
    soon(async {
        let (connector, acceptor) = ends(&tls13().mutual(KeyKind::Ecdsa));
        let (near, far) = duplex(5);
        let (client, server) = join!(interrupted(connector.connect(name(), near)), interrupted(acceptor.accept(far)));
        let (mut client, mut server) = (client.unwrap(), server.unwrap());
        let mut got = [0; 5];
        let (sent, read) = join!(
            async {
                client.write_all(b"hello").await?;
                client.flush().await
            },
            interrupted(server.read_exact(&mut got))
        );
        sent.unwrap();
        read.unwrap();
        assert_eq!(&got, b"hello");
    })
    .await;
}

/// A write is pending before it takes anything, never after.
#[tokio::test]
async fn a_write_that_is_dropped_has_taken_nothing() {
    soon(async {
        let (mut client, mut server) = pair(&tls13(), 64).await;
        let mut taken = Vec::new();
        // Until the pipe is full.
        loop {
            let part = pattern(taken.len() + 10).split_off(taken.len());
            select! {
                biased;
                n = client.write(&part) => taken.extend_from_slice(&part[..n.unwrap()]),
                () = yield_now() => break,
            }
        }
        assert!(!taken.is_empty() && taken.len() < 1000);
        let mut got = Vec::new();
        let (closed, read) = join!(client.shutdown(), server.read_to_end(&mut got));
        closed.unwrap();
        read.unwrap();
        assert_eq!(got, taken);
    })
    .await;
}

/// In TLS 1.3 each direction is closed by itself (RFC 9846 6.1).
#[tokio::test]
async fn half_close() {
    soon(async {
        for width in [1, 1 << 16] {
            let (mut client, mut server) = pair(&Setup::new(ProtocolVersion::TLS1_3), width).await;
            let (mut asked, mut told) = (Vec::new(), Vec::new());
            let (a, b) = join!(
                async {
                    client.write_all(b"a question").await?;
                    client.shutdown().await?;
                    client.read_to_end(&mut told).await
                },
                async {
                    server.read_to_end(&mut asked).await?;
                    server.write_all(b"an answer").await?;
                    server.shutdown().await
                }
            );
            a.unwrap();
            b.unwrap();
            assert_eq!((&asked[..], &told[..]), (&b"a question"[..], &b"an answer"[..]));
            assert_eq!(client.write(b"more").await.unwrap_err().kind(), io::ErrorKind::InvalidInput);
        }
    })
    .await;
}

/// Up to TLS 1.2 both directions are, at once (RFC 5246 7.2.1).
#[tokio::test]
async fn close_of_both_directions() {
    soon(async {
        for width in [1, 1 << 16] {
            let (mut client, mut server) = pair(&Setup::new(ProtocolVersion::TLS1_2), width).await;
            let (mut asked, mut told) = (Vec::new(), Vec::new());
            let (a, b) = join!(
                async {
                    client.write_all(b"a question").await?;
                    client.shutdown().await?;
                    client.read_to_end(&mut told).await
                },
                async {
                    // Reading the end is enough to answer it.
                    let read = server.read_to_end(&mut asked).await;
                    let refused = server.write_all(b"an answer").await.unwrap_err();
                    assert_eq!(refused.kind(), io::ErrorKind::InvalidInput);
                    drop(server);
                    read
                }
            );
            a.unwrap();
            b.unwrap();
            assert_eq!((&asked[..], &told[..]), (&b"a question"[..], &b""[..]));
        }
    })
    .await;
}

#[tokio::test]
async fn a_cut_is_not_an_end() {
    soon(async {
        for version in VERSIONS {
            let (mut client, mut server) = pair(&Setup::new(version), 1 << 16).await;
            client.write_all(b"all but the end").await.unwrap();
            client.flush().await.unwrap();
            drop(client);
            let mut got = Vec::new();
            let error = server.read_to_end(&mut got).await.unwrap_err();
            assert_eq!(got, b"all but the end");
            assert_eq!(error.kind(), io::ErrorKind::UnexpectedEof);
            assert_eq!(*inner(&error).kind(), ErrorKind::Truncated { established: true });
        }
        // In the handshake too.
        let (_, acceptor) = ends(&tls13());
        let (near, far) = duplex(64);
        drop(near);
        let error = acceptor.accept(far).await.unwrap_err();
        assert_eq!(*inner(&error).kind(), ErrorKind::Truncated { established: false });
    })
    .await;
}

#[tokio::test]
async fn the_alert_is_sent_before_the_error_is_told() {
    async fn fail(client: ClientConfig, server: ServerConfig, width: usize) -> (io::Error, io::Error) {
        let (near, far) = duplex(width);
        let connector = Connector::new(Arc::new(client));
        let acceptor = Acceptor::new(Arc::new(server));
        let (client, server) = join!(connector.connect(name(), near), acceptor.accept(far));
        (client.unwrap_err(), server.unwrap_err())
    }
    soon(async {
        for width in [1, 1000] {
            let mut suspicious = tls13().client_config();
            suspicious.verifier = Arc::new(Nobody);
            let (client, server) = fail(suspicious, tls13().server_config(), width).await;
            assert_eq!(inner(&client).alert(), Some(AlertDescription::UNKNOWN_CA));
            assert_eq!(*inner(&server).kind(), ErrorKind::PeerAlert(AlertDescription::UNKNOWN_CA));

            let other = tls13().suite(CipherSuite::TLS_AES_256_GCM_SHA384).server_config();
            let (client, server) =
                fail(tls13().suite(CipherSuite::TLS_AES_128_GCM_SHA256).client_config(), other, width).await;
            assert_eq!(inner(&server).alert(), Some(AlertDescription::HANDSHAKE_FAILURE));
            assert_eq!(*inner(&client).kind(), ErrorKind::PeerAlert(AlertDescription::HANDSHAKE_FAILURE));
        }
    })
    .await;
}

#[derive(Debug)]
struct Nobody;

impl Verifier for Nobody {
    fn verify(&self, _: &PeerToVerify, _: Time) -> Reply<Result<Verified, CertificateError>> {
        let (issuer, detail) = ("anybody".into(), "nobody is trusted".into());
        Reply::Now(Err(CertificateError::UnknownIssuer { issuer, detail }))
    }
}

/// Counts records of application data.
fn counting(stream: &mut Tls) -> Arc<AtomicUsize> {
    let count = Arc::new(AtomicUsize::new(0));
    let counter = count.clone();
    stream.connection_mut().observe(Box::new(move |trace: &Trace<'_>| {
        if let Trace::Record { inside: Inside::Content { kind: ContentType::APPLICATION_DATA, .. }, .. } = trace {
            counter.fetch_add(1, Ordering::Relaxed);
        }
    }));
    count
}

#[tokio::test]
async fn small_pieces_share_a_record() {
    soon(async {
        let (mut client, mut server) = pair(&tls13(), 1 << 20).await;
        let count = counting(&mut server);
        assert!(client.is_write_vectored());
        let large = pattern(40_000);
        let pieces: [&[u8]; 4] = [b"", b"HTTP/1.1 200 OK\r\n", b"\r\n", b"body"];
        let n = client.write_vectored(&pieces.map(IoSlice::new)).await.unwrap();
        assert_eq!(n, 23);
        client.flush().await.unwrap();
        let mut got = [0; 23];
        server.read_exact(&mut got).await.unwrap();
        assert_eq!(&got, b"HTTP/1.1 200 OK\r\n\r\nbody");
        assert_eq!(count.load(Ordering::Relaxed), 1);

        // What fills records by itself is not copied together.
        let n = client.write_vectored(&[IoSlice::new(&large), IoSlice::new(b"x")]).await.unwrap();
        assert_eq!(n, large.len());
        // What follows a small piece fills its record.
        let m = client.write_vectored(&[IoSlice::new(b"x"), IoSlice::new(&large)]).await.unwrap();
        assert_eq!(m, 1 << 14);
        client.flush().await.unwrap();
        let mut got = vec![0; n + m];
        server.read_exact(&mut got).await.unwrap();
        assert!(got[..n] == large && got[n] == b'x' && got[n + 1..] == large[..m - 1]);
        assert_eq!(count.load(Ordering::Relaxed), 1 + 3 + 1);
    })
    .await;
}

#[tokio::test]
async fn lines_are_read_where_they_were_decrypted() {
    soon(async {
        let (mut client, mut server) = pair(&tls13(), 1 << 16).await;
        client.write_all(b"one\ntwo\nthr").await.unwrap();
        client.write_all(b"ee\n").await.unwrap();
        client.shutdown().await.unwrap();
        let mut lines = Vec::new();
        loop {
            let mut line = String::new();
            if server.read_line(&mut line).await.unwrap() == 0 {
                break;
            }
            lines.push(line);
        }
        assert_eq!(lines, ["one\n", "two\n", "three\n"]);
        assert!(server.fill_buf().await.unwrap().is_empty(), "the end stays the end");
    })
    .await;
}

/// As HTTP servers use it: requests one after the other on one connection, through halves and buffers.
#[tokio::test]
async fn requests_on_one_connection() {
    soon(async {
        let (client, server) = pair(&tls13(), 300).await;
        let serve = async move {
            let (reader, mut writer) = split(server);
            let mut lines = BufReader::new(reader).lines();
            while let Some(line) = lines.next_line().await.unwrap() {
                let size: usize = line.parse().unwrap();
                let head = format!("{size}\n");
                let body = pattern(size);
                let n = writer.write_vectored(&[IoSlice::new(head.as_bytes()), IoSlice::new(&body)]).await.unwrap();
                let rest = [head.as_bytes(), &body].concat().split_off(n);
                writer.write_all(&rest).await.unwrap();
                writer.flush().await.unwrap();
            }
            writer.shutdown().await.unwrap();
        };
        let ask = async move {
            let mut client = client;
            for size in [0, 1, 100, 16_384, 50_000] {
                client.write_all(format!("{size}\n").as_bytes()).await.unwrap();
                client.flush().await.unwrap();
                let mut head = String::new();
                client.read_line(&mut head).await.unwrap();
                assert_eq!(head, format!("{size}\n"));
                let mut body = vec![0; size];
                client.read_exact(&mut body).await.unwrap();
                assert!(body == pattern(size));
            }
            client.shutdown().await.unwrap();
            assert_eq!(client.read(&mut [0]).await.unwrap(), 0);
        };
        join!(serve, ask);
    })
    .await;
}

#[tokio::test]
async fn answers_by_async_functions() {
    soon(async {
        for version in VERSIONS {
            let asked = Arc::new(Mutex::new(Vec::new()));
            let log = asked.clone();
            let ask = move |wait| {
                let log = log.clone();
                async move {
                    log.lock().unwrap().push(later::kind(&wait));
                    tokio::time::sleep(Duration::from_millis(1)).await;
                    later::answer(&wait, Time::now())
                }
            };
            let setup = Setup::new(version).mutual(KeyKind::Ecdsa);
            let (client, server) =
                (Arc::new(later::client(&setup.client_config())), Arc::new(later::server(&setup.server_config())));
            let source = later::source(Arc::new(later::Always(Some(server))));
            let connector = Connector::new(client).with_answers(ask.clone());
            let acceptor = Acceptor::by_hello(source, aws_lc::provider(), Default::default()).with_answers(ask);
            for resumed in [false, true] {
                let (near, far) = duplex(10_000);
                let (client, server) = join!(connector.connect(name(), near), acceptor.accept(far));
                let (mut client, mut server) = (client.unwrap(), server.unwrap());
                assert_eq!(client.connection().negotiated().resumed, resumed);
                client.write_all(b"x").await.unwrap();
                client.flush().await.unwrap();
                assert_eq!(server.read_u8().await.unwrap(), b'x');
                server.write_all(b"y").await.unwrap();
                server.flush().await.unwrap();
                assert_eq!(client.read_u8().await.unwrap(), b'y');
            }
            let asked = asked.lock().unwrap();
            for kind in ["Config", "ClientSession", "Signature", "Verdict", "SealTicket", "OpenTicket"] {
                assert!(asked.contains(&kind), "{version}: {kind} was not asked");
            }
        }
    })
    .await;
}

#[tokio::test]
async fn a_question_without_anyone_to_answer_is_an_error() {
    soon(async {
        let config = later::client(&tls13().client_config());
        let (near, _far) = duplex(1000);
        let error = Connector::new(Arc::new(config)).connect(name(), near).await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::InvalidInput);
        assert!(matches!(inner(&error).kind(), ErrorKind::Misuse(_)));
    })
    .await;
}

#[tokio::test]
async fn a_config_that_cannot_work_is_an_error() {
    soon(async {
        let mut config = tls13().client_config();
        config.policy.suites.clear();
        let (near, _far) = duplex(1000);
        let error = Connector::new(Arc::new(config)).connect(name(), near).await.unwrap_err();
        assert!(matches!(inner(&error).kind(), ErrorKind::Config(_)), "{error}");
    })
    .await;
}

/// Any connection will do: one that is watched from its first message on.
#[tokio::test]
async fn a_watched_connection() {
    soon(async {
        let names = Arc::new(Mutex::new(Vec::new()));
        let log = names.clone();
        let observer = Box::new(move |trace: &Trace<'_>| {
            if let Trace::Message { name, .. } = trace {
                log.lock().unwrap().push(*name);
            }
        });
        let (client, server) = tls13().configs();
        let connection = Connection::client_observed(client, name(), Time::now(), Some(observer)).unwrap();
        let answers = Answers::new(|_| async { unreachable!("nothing is asked") });
        let (near, far) = duplex(1000);
        let (client, server) =
            join!(Handshake::new(connection, near).with_answers(answers), Acceptor::new(server).accept(far));
        assert_eq!(names.lock().unwrap()[..2], ["ClientHello", "ServerHello"]);
        assert!(matches!(client.unwrap().into_parts().1, DuplexStream { .. }));
        drop(server.unwrap().into_inner());
    })
    .await;
}

#[test]
fn streams_can_go_to_other_threads() {
    fn is_send<T: Send>() {}
    is_send::<Tls>();
    is_send::<Handshake<DuplexStream>>();
}

/// Early data is heard apart; where it is refused it is said again if that is wanted.
#[tokio::test]
async fn early_data() {
    for (accepted, resend) in [(true, true), (true, false), (false, true), (false, false)] {
        let setup = tls13().early();
        let (client, mut server) = (setup.client_config(), setup.server_config());
        let connector = Connector::new(Arc::new(client));
        let (near, far) = duplex(1 << 16);
        let acceptor = Acceptor::new(Arc::new(server.clone()));
        let (first, second) = tokio::join!(connector.connect(name(), near), acceptor.accept(far));
        let (mut first, mut second) = (first.unwrap(), second.unwrap());
        second.write_all(b"tickets come before this").await.unwrap();
        first.read_exact(&mut [0; 24]).await.unwrap();
        if !accepted {
            server.early_data = None;
        }
        let acceptor = Acceptor::new(Arc::new(server));
        let (near, far) = duplex(1 << 16);
        let mut handshake = connector.connect(name(), near);
        if resend {
            handshake = handshake.resending_early_data();
        }
        assert_eq!(handshake.send_early(b"hello").unwrap(), 5);
        let (near, far) = tokio::join!(handshake, acceptor.accept(far));
        let (mut near, mut far) = (near.unwrap(), far.unwrap());
        assert_eq!(near.connection().negotiated().early_data, Some(accepted));
        near.write_all(b"!").await.unwrap();
        near.shutdown().await.unwrap();
        let mut heard = Vec::new();
        far.read_to_end(&mut heard).await.unwrap();
        let early = if accepted { &b"hello"[..] } else { b"" };
        assert_eq!(far.take_early_data(), early);
        assert_eq!(heard, if resend && !accepted { &b"hello!"[..] } else { b"!" });
    }
}

/// Where a server wants it so, early data is read like all else, and answered before the client has finished.
#[tokio::test]
async fn early_data_is_read_and_answered_at_once() {
    soon(async {
        let (client, server) = tls13().early().configs();
        let (connector, acceptor) = (Connector::new(client), Acceptor::new(server));
        for said in [&b"hello"[..], b""] {
            let (near, far) = duplex(1 << 16);
            let (first, second) = join!(connector.connect(name(), near), acceptor.accept(far).reading_early_data());
            let (mut first, mut second) = (first.unwrap(), second.unwrap());
            assert!(second.connection().is_connected(), "without early data all is as ever");
            second.write_all(b"tickets come before this").await.unwrap();
            first.read_exact(&mut [0; 24]).await.unwrap();

            let (near, far) = duplex(1 << 16);
            let mut near = connector.connect(name(), near);
            assert_eq!(near.send_early(said).unwrap(), said.len());
            // The client goes no further than its first flight.
            assert!(by_itself(&mut near).await.is_none());
            let mut far = acceptor.accept(far).reading_early_data();
            let mut far = match by_itself(&mut far).await {
                Some(far) => far.unwrap(),
                None => {
                    assert!(said.is_empty());
                    let (near, far) = join!(near, far);
                    assert!(near.is_ok() && far.unwrap().connection().is_connected());
                    continue;
                }
            };
            assert!(!far.connection().is_connected());
            let mut heard = [0; 5];
            far.read_exact(&mut heard).await.unwrap();
            assert_eq!(&heard, b"hello");
            far.write_all(b"to you, too").await.unwrap();
            far.shutdown().await.unwrap();
            let mut near = near.await.unwrap();
            let mut answer = String::new();
            near.read_to_string(&mut answer).await.unwrap();
            assert_eq!(answer, "to you, too");
            near.write_all(b"good-bye").await.unwrap();
            near.shutdown().await.unwrap();
            let mut rest = String::new();
            far.read_to_string(&mut rest).await.unwrap();
            assert!(rest == "good-bye" && far.connection().is_connected());
        }
    })
    .await;
}

/// What a future comes to by itself, if it does.
async fn by_itself<F: Future + Unpin>(future: &mut F) -> Option<F::Output> {
    select! {
        biased;
        done = future => Some(done),
        () = yield_now() => None,
    }
}
