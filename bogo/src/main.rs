//! A shim between Handfast and BoGo, BoringSSL's conformance runner: it makes the connections that the runner asks for by
//! flags, checks what the flags say to check, and names errors as the runner does. See `README.md`.
#![forbid(unsafe_code)]

mod checks;
mod compression;
mod config;
mod credentials;
mod errors;
mod flags;
mod judge;
mod later;
mod pipe;
mod run;
mod seen;

use config::Memory;
use flags::{Flags, Part};
use std::os::unix::ffi::OsStringExt;
use std::process::exit;

/// How it ends, other than well.
#[derive(Debug)]
pub(crate) enum Stop {
    /// The connection failed, as some tests want it to: exit code 1. The text holds the runner's names for the error.
    Failed(String),
    /// The runner asks for something that is not here: exit code 89.
    Unimplemented(String),
    /// Something that no test wants: exit code 90.
    Broken(String),
}

impl Stop {
    pub(crate) fn broken(why: impl Into<String>) -> Self {
        Self::Broken(why.into())
    }
}

fn main() {
    std::panic::set_hook(Box::new(|info| {
        eprintln!("panic: {info}");
        exit(90);
    }));
    let args: Vec<Vec<u8>> = std::env::args_os().skip(1).map(OsStringExt::into_vec).collect();
    let (code, text) = match run_all(&args) {
        Ok(()) => exit(0),
        Err(Stop::Failed(text)) => (1, text),
        Err(Stop::Unimplemented(what)) => (89, format!("not implemented: {what}")),
        Err(Stop::Broken(why)) => (90, format!("broken: {why}")),
    };
    eprintln!("{text}");
    exit(code);
}

/// The first connection, then those that resume it.
fn run_all(args: &[Vec<u8>]) -> Result<(), Stop> {
    let first = Flags::parse(args, Part::Initial)?;
    if first.is_handshaker_supported {
        // The runner asks once, at its start. There is no second process that could take a handshake over.
        println!("No");
        return Ok(());
    }
    let mut memory = Memory::default();
    for connection in 0..=first.resume_count {
        let part = if connection == 0 { Part::Initial } else { Part::Resume };
        let (flags, retry) = (Flags::parse(args, part)?, Flags::parse(args, Part::Retry)?);
        run::connection([&flags, &retry], &mut memory, connection)?;
        memory.clock.advance(flags.resumption_delay);
    }
    Ok(())
}
