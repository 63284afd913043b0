//! `--channel-binding` and `--export`: what a connection gives to other protocols, as far as it was asked for.

use crate::args::{Export, Exports};
use crate::events::{self, Event, Teller};
use handfast::{Connection, Error, ErrorKind};

/// Tells it, of a connection that is made. What it has not is told, too, with the reason.
pub(crate) fn tell(tls: &Connection, wanted: &Exports, teller: &Teller, of: Option<events::Connection>) {
    let tell = |kind, name: &str, got: Result<Vec<u8>, Error>| {
        let why = got.as_ref().err().map(why).unwrap_or_default();
        let got = got.as_deref().map_err(|_| &*why);
        teller.tell(of, &Event::Exported { kind, name, got });
    };
    for binding in &wanted.channel_binding {
        tell("channel_binding", binding.name(), tls.channel_binding(*binding));
    }
    for Export { label, length } in &wanted.export {
        let mut bytes = vec![0; *length];
        tell("keying_material", label, tls.export(&mut bytes, label.as_bytes(), None).map(|()| bytes));
    }
}

/// In a clause.
fn why(error: &Error) -> String {
    match error.kind() {
        ErrorKind::NoChannelBinding(why) | ErrorKind::Misuse(why) => (*why).into(),
        _ => error.to_string(),
    }
}
