//! After the handshake: stdin to the peer, and the peer to stdout, each at its own pace.

use super::wire::{End, Input, Wire};
use crate::args;
use crate::events::{self, Teller};
use crate::exit::{Code, Failure};
use handfast::alert::AlertDescription;
use handfast::error::Blame;
use handfast::event::Event;
use handfast::trace::Direction;
use handfast::wire::numbers::ProtocolVersion;
use handfast::{Connection, Error, ErrorKind, Time};
use std::cell::{Cell, RefCell};
use std::future::pending;
use std::io;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::OwnedWriteHalf;
use tokio::sync::Notify;
use tokio::time::{Instant, sleep, timeout, timeout_at};

/// How long the peer has to close too, and to say what it did not like, when we had nothing to say.
const LINGER: Duration = Duration::from_secs(2);
/// How many bytes of stdin are taken at once.
const PIECE: usize = 64 << 10;

/// How it came to an end.
enum Over {
    /// The peer said close_notify.
    Closed,
    /// We had nothing to say, closed, and waited long enough.
    Lingered,
    /// Nobody reads our stdout any more.
    Unheard,
    /// Stdin or stdout failed.
    Ours(&'static str, io::Error),
    /// The connection failed.
    Theirs(End),
    /// There was to be a second handshake, and is none.
    NotAgain(Box<Failure>),
}

/// What both directions see.
struct Shared<'a> {
    tls: &'a RefCell<Connection>,
    teller: &'a Teller,
    /// The engine may have something to send.
    wake: Notify,
    /// Stdin was empty: nothing is expected of the peer but that it closes.
    nothing_said: Cell<bool>,
    /// A second handshake that we want is to be done by then.
    deadline: Cell<Option<Instant>>,
}

impl Shared<'_> {
    /// Starts a second handshake, which may take so long.
    fn renegotiate(&self, time: Duration) -> Result<(), Over> {
        let started = self.tls.borrow_mut().renegotiate(Time::now());
        self.deadline.set(Some(Instant::now() + time));
        started.map_err(|error| match error.kind() {
            ErrorKind::Misuse(why) => {
                let why = format!("there can be no second handshake: {why}.");
                let remedy = "With a server that speaks TLS 1.3 take --max-version tls1.2.";
                Over::NotAgain(Box::new(Failure::network(Code::Handshake, why, remedy)))
            }
            _ => Over::Theirs(End::Tls(error)),
        })
    }

    /// Sends what waits to be sent, behind what is in `out`.
    async fn flush(&self, output: &mut OwnedWriteHalf, out: &mut Vec<u8>) -> io::Result<()> {
        self.tls.borrow_mut().transmit(out);
        let sent = output.write_all(out).await;
        out.clear();
        sent
    }

    /// Waits until a second handshake that goes on is done.
    async fn renegotiated(&self, output: &mut OwnedWriteHalf, out: &mut Vec<u8>) -> Result<(), Over> {
        while self.tls.borrow().is_renegotiating() {
            self.flush(output, out).await.map_err(|e| Over::Theirs(End::Io(e)))?;
            match self.deadline.get() {
                None => self.wake.notified().await,
                Some(deadline) => {
                    let late = timeout_at(deadline, self.wake.notified()).await;
                    if late.is_err() {
                        return Err(Over::NotAgain(Box::new(late_again(self.tls.borrow().negotiated().version))));
                    }
                }
            }
        }
        Ok(())
    }
}

/// A second handshake that the peer does not go on with. SSL 3.0 has no alert to refuse one by (RFC 6101 5.4.2).
fn late_again(version: Option<ProtocolVersion>) -> Failure {
    let (why, remedy) = match version {
        Some(ProtocolVersion::SSL3_0) => (
            "time-out during the second handshake: the peer did not go on. In SSL 3.0 one that does not want it says nothing.",
            "Do without --renegotiate; or wait longer with --timeout.",
        ),
        _ => ("time-out during the second handshake: the peer did not go on.", "Wait longer with --timeout."),
    };
    Failure::network(Code::TimeOut, why, remedy)
}

/// Copies both ways until it is over.
pub(super) async fn copy(wire: Wire, teller: &Teller, args: &args::Connect) -> Result<(), Failure> {
    let Wire { tls, mut input, mut output, early, .. } = wire;
    let (nothing_said, deadline) = (Cell::new(false), Cell::new(None));
    let shared = Shared { tls: &tls, teller, wake: Notify::new(), nothing_said, deadline };
    let started = if args.renegotiate { shared.renegotiate(args.timeout) } else { Ok(()) };
    let over = match started {
        Err(over) => over,
        Ok(()) => tokio::select! {
            over = down(&shared, &mut input) => over,
            over = up(&shared, &mut output, args.half_close, early.is_some()) => over,
        },
    };
    let nothing_said = shared.nothing_said.get();
    // An alert or our own close_notify. A peer that takes neither is no reason to stay.
    tls.borrow_mut().close();
    let mut out = Vec::new();
    tls.borrow_mut().transmit(&mut out);
    let _ = timeout(LINGER, async { output.write_all(&out).await.and(output.shutdown().await) }).await;
    report(over, nothing_said, teller)
}

fn report(over: Over, nothing_said: bool, teller: &Teller) -> Result<(), Failure> {
    let (clean, failure) = match over {
        Over::Closed => (true, None),
        Over::Lingered | Over::Unheard => (false, None),
        Over::NotAgain(failure) => (false, Some(*failure)),
        Over::Ours(what, error) => (false, Some(Failure::io(format!("{what} failed: {error}.")))),
        Over::Theirs(End::Tls(error)) => match error.kind() {
            ErrorKind::Truncated { .. } if nothing_said => (false, None),
            _ => (false, Some(Failure::tls(&error))),
        },
        Over::Theirs(End::Io(_)) if nothing_said => (false, None),
        Over::Theirs(End::Io(error)) => {
            let why = format!("the connection was cut without close_notify: data may be missing ({error}).");
            (false, Some(Failure::network(Code::Io, why, "")))
        }
    };
    teller.tell(None, &events::Event::Closed { clean });
    failure.map_or(Ok(()), Err)
}

/// The peer to stdout.
async fn down(shared: &Shared<'_>, input: &mut Input) -> Over {
    let mut stdout = tokio::io::stdout();
    loop {
        let took = take(shared, input);
        // What came may be answered: with new keys, with an alert.
        shared.wake.notify_one();
        match took {
            Err(error) => return Over::Theirs(End::Tls(error)),
            Ok(Took::Closed) => return Over::Closed,
            Ok(Took::Refused) => {
                let why = "the peer refuses a second handshake (no_renegotiation).";
                let mut failure = Failure::network(Code::Handshake, why, "Do without --renegotiate.");
                failure.explanation.alert = Some(AlertDescription::NO_RENEGOTIATION);
                failure.explanation.blame = Blame::Neither;
                return Over::NotAgain(Box::new(failure));
            }
            Ok(Took::Data(data)) => {
                let written = match stdout.write_all(&data).await {
                    Ok(()) => stdout.flush().await,
                    failed => failed,
                };
                match written {
                    Ok(()) if shared.teller.unheard() => return Over::Unheard,
                    Ok(()) => {}
                    Err(e) if e.kind() == io::ErrorKind::BrokenPipe => return Over::Unheard,
                    Err(e) => return Over::Ours("stdout", e),
                }
            }
            Ok(Took::All) => match input.read().await {
                Err(error) => return Over::Theirs(End::Io(error)),
                Ok(0) => match shared.tls.borrow_mut().receive_eof() {
                    Err(error) => return Over::Theirs(End::Tls(error)),
                    Ok(()) => return Over::Closed,
                },
                Ok(_) => {}
            },
        }
    }
}

/// What came of the input.
enum Took {
    /// Data for stdout: empty where events have it.
    Data(Vec<u8>),
    /// close_notify.
    Closed,
    /// It will have no second handshake, which we want.
    Refused,
    /// All of it, and more is needed.
    All,
}

/// Takes what has come, and gathers its data.
fn take(shared: &Shared<'_>, input: &mut Input) -> Result<Took, Error> {
    let mut data = Vec::new();
    let mut some = false;
    loop {
        // The engine's borrow ends here: the event's is of the input.
        let event = input.receive(&mut shared.tls.borrow_mut());
        match event {
            Ok(Some(Event::Data(bytes))) => {
                some = true;
                shared.teller.tell(None, &events::Event::Data { direction: Direction::Received, bytes, early: false });
                if !shared.teller.is_json() {
                    data.extend_from_slice(bytes);
                }
            }
            // What came before is written first; the engine says the same again.
            Ok(Some(Event::Closed)) | Err(_) if some => return Ok(Took::Data(data)),
            Ok(Some(Event::Closed)) => return Ok(Took::Closed),
            Err(error) => return Err(error),
            Ok(Some(Event::Renegotiated)) => {
                shared.deadline.set(None);
                let negotiated = shared.tls.borrow().negotiated().clone();
                shared.teller.tell(None, &events::Event::Renegotiated { negotiated: &negotiated });
            }
            Ok(Some(Event::Warning(alert)))
                if alert.description == AlertDescription::NO_RENEGOTIATION && shared.deadline.get().is_some() =>
            {
                return Ok(Took::Refused);
            }
            Ok(Some(_)) => {}
            Ok(None) if some => return Ok(Took::Data(data)),
            Ok(None) if shared.tls.borrow().peer_closed() => return Ok(Took::Closed),
            Ok(None) => return Ok(Took::All),
        }
    }
}

/// Stdin to the peer, of which something may have been said before. Ends only by itself if there was nothing to say, or if nothing can be said.
async fn up(shared: &Shared<'_>, output: &mut OwnedWriteHalf, half_close: bool, mut said: bool) -> Over {
    let mut stdin = tokio::io::stdin();
    let mut piece = vec![0; PIECE];
    let mut ended = false;
    let mut out = Vec::new();
    loop {
        if let Err(error) = shared.flush(output, &mut out).await {
            // The peer is gone. What it said before tells why, and the other direction reads it.
            sleep(LINGER).await;
            return Over::Theirs(End::Io(error));
        }
        if let Err(over) = shared.renegotiated(output, &mut out).await {
            return over;
        }
        if ended && !said {
            sleep(LINGER).await;
            return Over::Lingered;
        }
        tokio::select! {
            () = shared.wake.notified() => {}
            read = stdin.read(&mut piece), if !ended => match read {
                Ok(0) => {
                    ended = true;
                    shared.nothing_said.set(!said);
                    if !said || half_close {
                        shared.tls.borrow_mut().close();
                    }
                }
                Ok(n) => {
                    said = true;
                    // Stdin may have been waited for when it began.
                    if let Err(over) = shared.renegotiated(output, &mut out).await {
                        return over;
                    }
                    let bytes = piece.get(..n).unwrap_or_default();
                    if shared.tls.borrow_mut().send(bytes, &mut out).is_err() {
                        // The other direction has the reason.
                        return pending().await;
                    }
                    shared.teller.tell(None, &events::Event::Data { direction: Direction::Sent, bytes, early: false });
                }
                Err(error) => return Over::Ours("stdin", error),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn silence_is_all_that_ssl3_has() {
        let said = |version| late_again(Some(version)).explanation;
        assert!(said(ProtocolVersion::SSL3_0).remedy.contains("Do without --renegotiate"));
        assert!(!said(ProtocolVersion::TLS1_2).remedy.contains("--renegotiate"));
    }
}
