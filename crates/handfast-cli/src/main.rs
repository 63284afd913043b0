//! `handfast`: serves, connects and explains SSL and TLS. One file per verb.
#![forbid(unsafe_code)]

mod args;
mod cert;
mod events;
mod exit;
mod home;
mod human;
mod lists;
mod words;

use args::{Cli, Verb};
use clap::Parser;
use std::io;
use std::process::ExitCode;

fn main() -> ExitCode {
    let done = match Cli::parse().verb {
        Verb::Cert(args) => cert::run(&args),
        _ => Ok(()),
    };
    match done {
        Ok(()) => ExitCode::from(exit::Code::Done as u8),
        Err(failure) => {
            eprintln!("handfast: {}", human::sentences(&failure));
            ExitCode::from(failure.code as u8)
        }
    }
}

/// A reader of stdout who has seen enough is no error.
fn quietly(error: io::Error) -> io::Result<()> {
    if error.kind() == io::ErrorKind::BrokenPipe { Ok(()) } else { Err(error) }
}
