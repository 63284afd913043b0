//! The state machines. `hello` is the one fork: into `classic` (SSL 3.0 to TLS 1.2) and `tls13`.
//!
//! A state machine is one enum and one `match (state, input)`. It knows nothing of records: [`Flow`] is all that it may touch.

mod answer;
mod certificate_types;
mod classic;
mod flow;
mod hello;
mod offer;
mod tls13;

pub(crate) use flow::{Before, Early, Exporter, Flow, Shared, Side};
pub(crate) use hello::{Listen, connect, listen};
pub(crate) use tls13::Traffic;

use crate::error::Error;
use crate::message::Message;
use crate::record::Aligned;
use crate::wait::Answer;

/// How a chain was judged that comes from a session.
const JUDGED_BEFORE: &str = "judged when the session was made";

/// What a state is stepped with.
pub(crate) enum Input<'m> {
    /// A message, and proof that nothing follows it in its record, if so.
    Message(Message<'m>, Option<Aligned>),
    /// The answer to the state's question.
    Answer(Answer),
}

/// Where a connection is.
pub(crate) enum State {
    /// In a handshake.
    Handshake(Box<Handshake>),
    /// In a second one, on a live connection.
    Again(Box<Handshake>),
    /// After it. Small: it lives as long as the connection.
    Established(Established),
    /// Failed, or being stepped.
    Failed,
}

/// The machines of a handshake.
pub(crate) enum Handshake {
    /// Client: looking for a session, or waiting for the server's hello.
    Offer(offer::State),
    /// Server: waiting for the client's hello, or for what to answer it with.
    Answer(answer::State),
    ClassicClient(classic::client::State),
    ClassicServer(classic::server::State),
    Tls13Client(tls13::client::State),
    Tls13Server(tls13::server::State),
}

/// After the handshake.
pub(crate) enum Established {
    /// TLS 1.2 and older: there may be a new handshake.
    Classic(classic::Session),
    /// TLS 1.3: tickets and KeyUpdates come.
    Tls13(Box<Traffic>),
}

impl State {
    /// Whether application data may come: after the handshake, but not between the messages of an exchange.
    pub(crate) fn takes_data(&self) -> bool {
        match self {
            Self::Established(Established::Tls13(traffic)) => !traffic.is_exchanging(),
            Self::Established(Established::Classic(_)) => true,
            Self::Handshake(_) | Self::Again(_) | Self::Failed => false,
        }
    }

    /// Whether a handshake is done, be it that a second one goes on.
    pub(crate) fn is_established(&self) -> bool {
        matches!(self, Self::Established(_) | Self::Again(_))
    }

    /// What comes next, in words.
    pub(crate) fn expected(&self) -> &'static str {
        match self {
            Self::Handshake(machine) | Self::Again(machine) => match &**machine {
                Handshake::Offer(s) => s.expected(),
                Handshake::Answer(s) => s.expected(),
                Handshake::ClassicClient(s) => s.expects(),
                Handshake::ClassicServer(s) => s.expects(),
                Handshake::Tls13Client(s) => s.expected(),
                Handshake::Tls13Server(s) => s.expected(),
            },
            Self::Established(Established::Classic(s)) => s.expected(),
            Self::Established(Established::Tls13(s)) => s.expected(),
            Self::Failed => "nothing",
        }
    }

    /// The same on a live connection.
    pub(crate) fn again(self) -> Self {
        match self {
            Self::Handshake(machine) => Self::Again(machine),
            other => other,
        }
    }

    /// One step.
    pub(crate) fn step(self, flow: &mut Flow<'_>, input: Input<'_>) -> Result<Self, Error> {
        match self {
            Self::Handshake(machine) => match *machine {
                Handshake::Offer(s) => s.step(flow, input),
                Handshake::Answer(s) => s.step(flow, input),
                Handshake::ClassicClient(s) => s.step(flow, input),
                Handshake::ClassicServer(s) => s.step(flow, input),
                Handshake::Tls13Client(s) => s.step(flow, input),
                Handshake::Tls13Server(s) => s.step(flow, input),
            },
            Self::Again(machine) => Self::Handshake(machine).step(flow, input).map(Self::again),
            Self::Established(Established::Classic(s)) => s.step(flow, input).map(Self::again),
            Self::Established(Established::Tls13(s)) => s.step(flow, input),
            Self::Failed => Err(flow.unexpected(&input, "nothing: the connection has failed")),
        }
    }
}

macro_rules! from {
    ($($variant:ident($ty:ty);)*) => { $(
        impl From<$ty> for State {
            fn from(s: $ty) -> Self {
                Self::Handshake(Box::new(Handshake::$variant(s)))
            }
        }
    )* };
}
from! {
    Offer(offer::State);
    Answer(answer::State);
    ClassicClient(classic::client::State);
    ClassicServer(classic::server::State);
    Tls13Client(tls13::client::State);
    Tls13Server(tls13::server::State);
}
