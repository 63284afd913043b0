//! Keys that have protected as much as they may (RFC 9846 5.5): TLS 1.3 changes them in time, TLS 1.2 ends.

use super::*;
use crate::error::Limit;
use crate::trace::Trace;
use crate::wire::numbers::ProtocolVersion;
use crate::{Connection, Event};

/// One end, and how often it changed its write keys.
struct End {
    connection: Connection,
    changes: Arc<Mutex<usize>>,
    data: Vec<u8>,
    closed: bool,
}

impl End {
    fn new(mut connection: Connection) -> Self {
        let changes = Arc::new(Mutex::new(0));
        let count = changes.clone();
        connection.observe(Box::new(move |trace: &Trace<'_>| {
            *count.lock().unwrap() += usize::from(matches!(trace, Trace::Keys { direction: Direction::Sent, .. }));
        }));
        Self { connection, changes, data: Vec::new(), closed: false }
    }

    fn changes(&self) -> usize {
        *self.changes.lock().unwrap()
    }

    fn take(&mut self, mut input: &mut [u8]) -> Result<(), Error> {
        loop {
            let received = self.connection.receive(input, noon())?;
            match received.event {
                Some(Event::Data(data)) => self.data.extend_from_slice(data),
                Some(Event::Closed) => self.closed = true,
                Some(_) => {}
                None => return Ok(()),
            }
            let used = received.used;
            input = &mut input[used..];
        }
    }

    fn output(&mut self) -> Vec<u8> {
        let mut out = Vec::new();
        self.connection.transmit(&mut out);
        out
    }
}

fn connected(version: ProtocolVersion) -> [End; 2] {
    let (mut client, mut server) = plain();
    for policy in [&mut client.policy, &mut server.policy] {
        *policy = Policy::default();
        (policy.min_version, policy.max_version) = (version, version);
    }
    let name = ServerName::try_from("server.test").unwrap();
    let client = Connection::client(Arc::new(client), name, noon()).unwrap();
    let mut ends = [End::new(client), End::new(Connection::server(Arc::new(server)))];
    for turn in 0..6 {
        let mut bytes = ends[turn % 2].output();
        ends[1 - turn % 2].take(&mut bytes).unwrap();
    }
    assert!(ends.iter().all(|e| e.connection.is_connected()));
    ends
}

#[test]
fn tls13_changes_its_keys_before_they_are_worn() {
    for from in [0, 1] {
        for left in [0, 1, 5, (1 << 20) - 1] {
            let mut ends = connected(ProtocolVersion::TLS1_3);
            let before = ends[from].changes();
            ends[from].connection.wear(left);
            for round in 0..3 {
                let mut out = Vec::new();
                ends[from].connection.send(&[round; 40_000], &mut out).unwrap();
                // KeyUpdate is a record of its own, before the data; once is enough.
                assert_eq!(ends[from].changes(), before + 1);
                ends[1 - from].take(&mut out).unwrap();
            }
            assert_eq!(ends[1 - from].data.len(), 120_000);
            assert!(ends[1 - from].output().is_empty(), "the other direction is as good as ever");
        }
        let mut ends = connected(ProtocolVersion::TLS1_3);
        let before = ends[from].changes();
        ends[from].connection.wear(1 << 20);
        ends[from].connection.send(b"not yet", &mut Vec::new()).unwrap();
        assert_eq!(ends[from].changes(), before);
        ends[from].connection.send(b"now", &mut Vec::new()).unwrap();
        assert_eq!(ends[from].changes(), before + 1);
    }
}

/// However small the records of one great write are.
#[test]
fn a_write_of_more_records_than_are_left_changes_the_keys_first() {
    let (mut client, server) = plain();
    client.max_fragment = 1;
    let name = ServerName::try_from("server.test").unwrap();
    let client = Connection::client(Arc::new(client), name, noon()).unwrap();
    let mut ends = [End::new(client), End::new(Connection::server(Arc::new(server)))];
    for turn in 0..6 {
        let mut bytes = ends[turn % 2].output();
        ends[1 - turn % 2].take(&mut bytes).unwrap();
    }
    let before = ends[0].changes();
    let many = vec![7; (1 << 20) + 10];
    ends[0].connection.wear(1 << 20);
    let mut out = Vec::new();
    ends[0].connection.send(&many, &mut out).unwrap();
    assert_eq!(ends[0].changes(), before + 1);
    ends[1].take(&mut out).unwrap();
    assert!(ends[1].data == many);
}

#[test]
fn tls12_sends_no_more_and_can_still_close() {
    for from in [0, 1] {
        let mut ends = connected(ProtocolVersion::TLS1_2);
        ends[from].connection.wear(2);
        let mut out = Vec::new();
        ends[from].connection.send(&[1; 16_384], &mut out).unwrap();
        let error = ends[from].connection.send(&[2; 16_385], &mut out).unwrap_err();
        assert_eq!(*error.kind(), ErrorKind::TooMuch(Limit::Records), "all or nothing");
        ends[from].connection.send(&[3; 16_384], &mut out).unwrap();
        let error = ends[from].connection.send(b"x", &mut out).unwrap_err();
        assert_eq!(*error.kind(), ErrorKind::TooMuch(Limit::Records));
        assert!(ends[from].connection.is_connected(), "what the peer sends still comes");
        ends[from].connection.close();
        ends[from].connection.transmit(&mut out);
        ends[1 - from].take(&mut out).unwrap();
        assert_eq!(ends[1 - from].data, [[1; 16_384], [3; 16_384]].concat());
        assert!(ends[1 - from].closed);
    }
}
