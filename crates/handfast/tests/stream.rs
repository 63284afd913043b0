//! The blocking stream over a socket: data, the end of data, and what is no end.

mod common;

use common::certificates::{Known, Setup, client_credential};
use common::{End, NAME, Pair, later, noon, pattern};
use handfast::crypto::KeyKind;
use handfast::pki_types::ServerName;
use handfast::policy::SPOKEN;
use handfast::wire::numbers::ProtocolVersion;
use handfast::{ClientAuth, ClientConfig, Connection, Error, ErrorKind, Event, ServerConfig, Stream, Time};
use std::io::{self, BufRead, IoSlice, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

const EVERY: &[ProtocolVersion] = SPOKEN;

type Tls = Stream<TcpStream>;

/// Two sockets that know each other, and do not wait for ever.
fn sockets() -> (TcpStream, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    let (server, _) = listener.accept().unwrap();
    for socket in [&client, &server] {
        socket.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        socket.set_write_timeout(Some(Duration::from_secs(20))).unwrap();
    }
    (client, server)
}

fn streams(setup: &Setup) -> (Tls, Tls) {
    let (client, server) = setup.configs();
    let (a, b) = sockets();
    let name = ServerName::try_from(NAME).unwrap();
    (Stream::new(Connection::client(client, name, Time::now()).unwrap(), a), Stream::new(Connection::server(server), b))
}

/// Runs both ends, each in its thread.
fn both<A: Send, B: Send>(
    setup: &Setup,
    client: impl FnOnce(Tls) -> A + Send,
    server: impl FnOnce(Tls) -> B + Send,
) -> (A, B) {
    let (a, b) = streams(setup);
    thread::scope(|scope| {
        let server = scope.spawn(move || server(b));
        (client(a), server.join().unwrap())
    })
}

/// The engine's error in one of a stream.
#[track_caller]
fn inner(error: &io::Error) -> &ErrorKind {
    error.get_ref().and_then(|e| e.downcast_ref::<Error>()).unwrap_or_else(|| panic!("{error}")).kind()
}

#[test]
fn data_goes_both_ways_and_ends() {
    for version in EVERY.iter().copied() {
        let data = pattern(300_000);
        let (told, asked) = both(
            &Setup::new(version),
            |mut stream| {
                let mut head = [0; 5];
                stream.read_exact(&mut head).unwrap();
                stream.write_all(&data).unwrap();
                stream.shutdown().unwrap();
                let mut rest = Vec::new();
                stream.read_to_end(&mut rest).unwrap();
                assert!(stream.connection().peer_closed());
                [&head[..], &rest].concat()
            },
            |mut stream| {
                let pieces = [IoSlice::new(b""), IoSlice::new(b"he"), IoSlice::new(b"llo")];
                assert_eq!(stream.write_vectored(&pieces).unwrap(), 5);
                let mut all = Vec::new();
                stream.read_to_end(&mut all).unwrap();
                // What was taken is taken: the end comes again.
                assert_eq!(stream.read(&mut [0; 10]).unwrap(), 0);
                stream.shutdown().unwrap();
                all
            },
        );
        assert_eq!(told, b"hello");
        assert!(asked == data);
    }
}

#[test]
fn lines_are_read_where_they_are() {
    both(
        &Setup::new(ProtocolVersion::TLS1_3),
        |mut stream| {
            stream.write_all(b"one\ntwo\nthr").unwrap();
            stream.write_all(b"ee\n").unwrap();
            stream.shutdown().unwrap();
            // A socket that is closed while there are tickets in it takes back what it sent.
            assert!(stream.read(&mut [0; 1]).is_err(), "the server says no more");
        },
        |stream| {
            let lines: Vec<_> = stream.lines().map(Result::unwrap).collect();
            assert_eq!(lines, ["one", "two", "three"]);
        },
    );
}

/// In TLS 1.3 one direction, before that both (RFC 9846 6.1, RFC 5246 7.2.1). Reading the end is enough to answer it.
#[test]
fn close_of_one_direction_or_both() {
    for version in EVERY.iter().copied() {
        let (told, ()) = both(
            &Setup::new(version),
            |mut stream| {
                stream.write_all(b"a question").unwrap();
                stream.shutdown().unwrap();
                assert_eq!(stream.write(b"more").unwrap_err().kind(), io::ErrorKind::InvalidInput);
                let mut told = Vec::new();
                stream.read_to_end(&mut told).unwrap();
                told
            },
            |mut stream| {
                let mut asked = Vec::new();
                stream.read_to_end(&mut asked).unwrap();
                assert_eq!(asked, b"a question");
                if version == ProtocolVersion::TLS1_3 {
                    stream.write_all(b"an answer").unwrap();
                    stream.shutdown().unwrap();
                } else {
                    let refused = stream.write_all(b"an answer").unwrap_err();
                    assert!(matches!(inner(&refused), ErrorKind::Misuse(_)));
                    assert_eq!(refused.kind(), io::ErrorKind::InvalidInput);
                }
            },
        );
        assert_eq!(told, if version == ProtocolVersion::TLS1_3 { &b"an answer"[..] } else { b"" });
    }
}

#[test]
fn a_cut_is_not_an_end() {
    for version in EVERY.iter().copied() {
        both(
            &Setup::new(version),
            |mut stream| {
                stream.write_all(b"all but the end").unwrap();
                // The peer has read before the socket closes.
                stream.read_exact(&mut [0; 1]).unwrap();
            },
            |mut stream| {
                stream.read_exact(&mut [0; 15]).unwrap();
                stream.write_all(b"!").unwrap();
                for _ in 0..2 {
                    let error = stream.read(&mut [0; 10]).unwrap_err();
                    assert_eq!(error.kind(), io::ErrorKind::UnexpectedEof);
                    assert_eq!(*inner(&error), ErrorKind::Truncated { established: true });
                }
            },
        );
    }
}

#[test]
fn a_cut_in_the_handshake() {
    let (client, server) = streams(&Setup::new(ProtocolVersion::TLS1_3));
    drop(client);
    let mut server = server;
    let error = server.handshake().unwrap_err();
    assert_eq!(*inner(&error), ErrorKind::Truncated { established: false });
}

/// Closing before the handshake ends it: the peer is told so, and its answer is close_notify.
#[test]
fn a_handshake_can_be_given_up() {
    for version in EVERY.iter().copied() {
        both(
            &Setup::new(version),
            |mut stream| {
                stream.shutdown().unwrap();
                assert!(matches!(inner(&stream.handshake().unwrap_err()), ErrorKind::Misuse(_)));
            },
            |mut stream| {
                let error = stream.handshake().unwrap_err();
                assert!(
                    matches!(inner(&error), ErrorKind::PeerAlert(a) if a.name() == Some("close_notify")),
                    "{version}: {error}"
                );
            },
        );
    }
}

/// The alert is on the wire when the error is told.
#[test]
fn the_peer_learns_why() {
    for version in EVERY.iter().copied() {
        let setup = Setup::new(version);
        let (client, mut server) = (setup.client_config(), setup.server_config());
        server.policy.min_version = ProtocolVersion::TLS1_3;
        server.policy.max_version = ProtocolVersion::TLS1_3;
        if version == ProtocolVersion::TLS1_3 {
            server.policy.suites = vec![handfast::wire::CipherSuite::TLS_CHACHA20_POLY1305_SHA256];
        }
        let mut client = client;
        client.policy.suites.retain(|s| *s != handfast::wire::CipherSuite::TLS_CHACHA20_POLY1305_SHA256);
        let (a, b) = sockets();
        let name = ServerName::try_from(NAME).unwrap();
        let a = Stream::new(Connection::client(Arc::new(client), name, Time::now()).unwrap(), a);
        let b = Stream::new(Connection::server(Arc::new(server)), b);
        let ours = thread::spawn(move || b.complete().unwrap_err());
        let theirs = a.complete().unwrap_err();
        let ours = ours.join().unwrap();
        assert!(matches!(inner(&ours), ErrorKind::NothingInCommon(_)), "{ours}");
        assert_eq!(theirs.kind(), io::ErrorKind::InvalidData);
        assert!(matches!(inner(&theirs), ErrorKind::PeerAlert(_)), "{theirs}");
    }
}

/// Whoever answers later must be named.
#[test]
fn questions_are_answered_or_an_error() {
    for version in EVERY.iter().copied() {
        let setup = Setup::new(version);
        let config = Arc::new(later::server(&setup.server_config()));
        for answered in [true, false] {
            let (client, _) = setup.configs();
            let (a, b) = sockets();
            let name = ServerName::try_from(NAME).unwrap();
            let a = Stream::new(Connection::client(client, name, Time::now()).unwrap(), a);
            let mut b = Stream::new(Connection::server(config.clone()), b);
            if answered {
                b = b.answer_with(|wait| later::answer(wait, Time::now()));
            }
            let server = thread::spawn(move || {
                let mut stream = b.complete()?;
                stream.write_all(b"done")?;
                stream.shutdown()
            });
            let mut got = Vec::new();
            let client = a.complete().and_then(|mut stream| stream.read_to_end(&mut got));
            let server = server.join().unwrap();
            if answered {
                server.unwrap();
                client.unwrap();
                assert_eq!(got, b"done");
            } else {
                assert!(matches!(inner(&server.unwrap_err()), ErrorKind::Misuse(_)));
                assert!(client.is_err());
            }
        }
    }
}

/// A socket that times out loses nothing.
#[test]
fn a_time_out_is_a_pause() {
    let (client, server) = streams(&Setup::new(ProtocolVersion::TLS1_3));
    let (done, wait) = std::sync::mpsc::channel();
    let server = thread::spawn(move || {
        let mut server = server.complete().unwrap();
        wait.recv_timeout(Duration::from_secs(20)).unwrap();
        server.write_all(b"late").unwrap();
        server.shutdown().unwrap();
    });
    let mut client = client.complete().unwrap();
    client.get_ref().set_read_timeout(Some(Duration::from_millis(20))).unwrap();
    let is_pause = |e: &io::Error| matches!(e.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut);
    for _ in 0..3 {
        assert!(is_pause(&client.read(&mut [0; 10]).unwrap_err()));
    }
    done.send(()).unwrap();
    client.get_ref().set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    let mut got = Vec::new();
    client.read_to_end(&mut got).unwrap();
    assert_eq!(got, b"late");
    server.join().unwrap();
}

/// Configs with early data, of which the client has a session: in `protocol`, if any.
fn early(protocol: Option<&str>) -> (ClientConfig, ServerConfig) {
    let setup = Setup::new(ProtocolVersion::TLS1_3).early();
    let (mut client, mut server) = (setup.client_config(), setup.server_config());
    client.alpn = protocol.map(|p| vec![p.into(), b"other".to_vec()]).unwrap_or_default();
    server.alpn = protocol.map(|p| vec![p.into()]).unwrap_or_default();
    Pair::at(&Arc::new(client.clone()), &Arc::new(server.clone()), Time::now()).run().assert_connected();
    (client, server)
}

/// What the server came to hear early and later, and what became of the client.
fn say_early(
    client: ClientConfig,
    server: ServerConfig,
    resend: bool,
    later: bool,
) -> (Vec<u8>, io::Result<Vec<u8>>, io::Result<Option<bool>>) {
    let (a, b) = sockets();
    let client = Arc::new(if later { later::client(&client) } else { client });
    let connection = Connection::client(client, ServerName::try_from(NAME).unwrap(), Time::now()).unwrap();
    let mut near = Stream::new(connection, a);
    if later {
        near = near.answer_with(|wait| later::answer(wait, Time::now()));
    }
    if resend {
        near = near.resending_early_data();
    }
    thread::scope(|scope| {
        let server = scope.spawn(move || {
            let mut stream = Stream::new(Connection::server(Arc::new(server)), b);
            let heard = stream.handshake().and_then(|()| {
                let mut rest = Vec::new();
                stream.read_to_end(&mut rest).map(|_| rest)
            });
            let _ = stream.shutdown();
            (stream.take_early_data(), heard)
        });
        let told = (|| {
            assert_eq!(near.send_early(b"early ")?, 6);
            assert_eq!(near.send_early(b"bird")?, 4);
            assert_eq!(near.send_early(&[b'!'; 100])?, 30, "as much as there is room for");
            assert_eq!(near.send_early(b"more")?, 0);
            near.handshake()?;
            near.write_all(b" and late")?;
            near.shutdown()?;
            near.read_to_end(&mut Vec::new())?;
            Ok(near.connection().negotiated().early_data)
        })();
        drop(near);
        let (early, heard) = server.join().unwrap();
        (early, heard, told)
    })
}

#[test]
fn early_data_over_a_stream() {
    let said = [&b"early bird"[..], &[b'!'; 30]].concat();
    for (resend, later) in [(false, false), (true, false), (true, true)] {
        let (client, server) = early(Some("h2"));
        let (early, heard, told) = say_early(client, server, resend, later);
        assert_eq!((early, heard.unwrap(), told.unwrap()), (said.clone(), b" and late".to_vec(), Some(true)));
    }
}

/// A server that wants it so reads early data like all else, and answers before the client has finished: one that waits for the answer
/// first gets it.
#[test]
fn early_data_is_read_and_answered_at_once() {
    let (client, server) = early(None);
    let (mut a, b) = sockets();
    let name = ServerName::try_from(NAME).unwrap();
    let mut near = Connection::client(Arc::new(client), name, Time::now()).unwrap();
    thread::scope(|scope| {
        let server = scope.spawn(move || {
            let mut stream = Stream::new(Connection::server(Arc::new(server)), b).reading_early_data();
            // No further than to what is to be read first.
            stream.handshake().unwrap();
            let mut early = [0; 5];
            stream.read_exact(&mut early).unwrap();
            assert!(!stream.connection().is_connected());
            stream.write_all(b"to you, too").unwrap();
            let mut rest = Vec::new();
            stream.read_to_end(&mut rest).unwrap();
            assert!(stream.connection().is_connected() && stream.take_early_data().is_empty());
            (early, rest)
        });
        let mut out = Vec::new();
        near.send_early(b"hello", &mut out).unwrap();
        a.write_all(&out).unwrap();
        let (mut input, mut heard) = (Vec::new(), Vec::new());
        while heard.len() < 11 {
            let mut piece = [0; 4096];
            let n = a.read(&mut piece).unwrap();
            assert!(n > 0, "an answer comes first");
            input.extend_from_slice(&piece[..n]);
            loop {
                let received = near.receive(&mut input, Time::now()).unwrap();
                let (used, event) = (received.used, received.event);
                let more = event.is_some();
                if let Some(Event::Data(data)) = event {
                    heard.extend_from_slice(data);
                }
                input.drain(..used);
                if !more {
                    break;
                }
            }
        }
        assert_eq!(heard, b"to you, too");
        // Only now does the client end its part.
        let mut out = Vec::new();
        near.send(b" and good-bye", &mut out).unwrap();
        near.close();
        near.transmit(&mut out);
        a.write_all(&out).unwrap();
        assert_eq!(server.join().unwrap(), (*b"hello", b" and good-bye".to_vec()));
    });
}

/// What is refused is said again if that is wanted, and never by itself.
#[test]
fn early_data_that_is_refused_over_a_stream() {
    let said = [&b"early bird"[..], &[b'!'; 30]].concat();
    for protocol in [None, Some("h2")] {
        for resend in [false, true] {
            let (client, mut server) = early(protocol);
            server.early_data = None;
            let (early, heard, told) = say_early(client, server, resend, false);
            let wanted = [if resend { &said[..] } else { &[] }, b" and late"].concat();
            assert_eq!((early, heard.unwrap(), told.unwrap()), (Vec::new(), wanted, Some(false)));
        }
    }
    // In another protocol it would mean something else.
    for resend in [false, true] {
        let (client, mut server) = early(Some("h2"));
        server.alpn = vec![b"other".to_vec()];
        let (early, heard, told) = say_early(client, server, resend, false);
        assert!(early.is_empty());
        if resend {
            assert_eq!(*inner(&told.unwrap_err()), ErrorKind::EarlyDataProtocol);
            assert!(heard.map_or(true, |h| h.is_empty()));
        } else {
            assert_eq!((heard.unwrap(), told.unwrap()), (b" and late".to_vec(), Some(false)));
        }
    }
}

#[test]
fn a_client_proves_itself_between_two_lines() {
    let setup = Setup::new(ProtocolVersion::TLS1_3).asked_later(KeyKind::Ecdsa);
    let ((), chain) = both(
        &setup,
        |mut stream| {
            stream.write_all(b"one\n").unwrap();
            let mut line = String::new();
            stream.read_line(&mut line).unwrap();
            assert_eq!(line, "who are you?\n");
            // The answer was made while that was read.
            stream.write_all(b"two\n").unwrap();
            stream.shutdown().unwrap();
            stream.read_to_end(&mut Vec::new()).unwrap();
        },
        |mut stream| {
            let mut line = String::new();
            stream.read_line(&mut line).unwrap();
            let auth = ClientAuth::Required(Arc::new(Known));
            stream.connection_mut().request_client_certificate(auth, Time::now()).unwrap();
            stream.write_all(b"who are you?\n").unwrap();
            stream.read_line(&mut line).unwrap();
            assert_eq!((line.as_str(), stream.connection().open_certificate_requests()), ("one\ntwo\n", 0));
            stream.shutdown().unwrap();
            stream.connection().negotiated().peer_chain.clone()
        },
    );
    assert_eq!(chain, client_credential(KeyKind::Ecdsa).chain);
}

/// The same up to TLS 1.2, by a second handshake, for which a write waits; what comes meanwhile comes to the next read.
#[test]
fn a_client_proves_itself_in_a_second_handshake() {
    for version in [ProtocolVersion::TLS1_0, ProtocolVersion::TLS1_2] {
        let setup = Setup::new(version).asked_again(KeyKind::Ecdsa);
        let ((), chain) = both(
            &setup,
            |mut stream| {
                stream.write_all(b"one\n").unwrap();
                let mut line = String::new();
                stream.read_line(&mut line).unwrap();
                assert_eq!(line, "who are you?\n");
                // The first time the server's request has been read, but not what it says to our hello.
                stream.write_all(b"two\n").unwrap();
                stream.connection_mut().renegotiate(Time::now()).unwrap();
                stream.write_all(b"three\n").unwrap();
                line.clear();
                stream.read_line(&mut line).unwrap();
                assert_eq!(line, "meanwhile\n");
                stream.shutdown().unwrap();
                stream.read_to_end(&mut Vec::new()).unwrap();
            },
            |mut stream| {
                let mut line = String::new();
                stream.read_line(&mut line).unwrap();
                let auth = ClientAuth::Required(Arc::new(Known));
                stream.connection_mut().renegotiate_with(auth, Time::now()).unwrap();
                stream.write_all(b"who are you?\n").unwrap();
                stream.read_line(&mut line).unwrap();
                stream.write_all(b"meanwhile\n").unwrap();
                stream.read_line(&mut line).unwrap();
                assert_eq!(line, "one\ntwo\nthree\n");
                assert!(stream.connection().negotiated().resumed, "by what the second has made");
                stream.shutdown().unwrap();
                stream.connection().negotiated().peer_chain.clone()
            },
        );
        assert_eq!(chain, client_credential(KeyKind::Ecdsa).chain);
    }
}

/// A socket that is busy at first.
struct Busy {
    server: End,
    tries: usize,
    back: Vec<u8>,
}

impl Write for Busy {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.tries += 1;
        if self.tries == 1 {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        self.server.receive(bytes, noon());
        self.back.extend(self.server.transmit());
        Ok(bytes.len())
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Read for Busy {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let n = out.len().min(self.back.len());
        out[..n].copy_from_slice(&self.back[..n]);
        self.back.drain(..n);
        Ok(n)
    }
}

/// Early data that is taken while the socket is busy must not be offered again: it would be said twice.
#[test]
fn early_data_is_taken_though_the_socket_is_busy() {
    let (client, server) = Setup::new(ProtocolVersion::TLS1_3).early().configs();
    Pair::connected(&client, &server);
    let connection = End::client(&client, noon()).connection;
    let busy = Busy { server: End::server(&server), tries: 0, back: Vec::new() };
    let mut stream = Stream::new(connection, busy);
    assert_eq!(stream.send_early(b"once").unwrap(), 4);
    assert_eq!(stream.send_early(b", twice").unwrap(), 7);
    assert_eq!(stream.get_ref().server.early, b"once, twice");
}
