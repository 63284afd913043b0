//! `handfast`: serves, connects and explains SSL and TLS. One file per verb.
#![forbid(unsafe_code)]

mod args;
mod bytes;
mod cert;
mod connect;
mod demo;
mod events;
mod exit;
mod exports;
mod gist;
mod home;
mod human;
mod lists;
mod negotiated;
mod offers;
mod psks;
mod serve;
mod session;
mod trust;
mod words;

use args::{Cli, Verb};
use clap::Parser;
use exit::{Code, Failure};
use handfast::keys::{KeyLog, KeyLogFile};
use std::io;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

fn main() -> ExitCode {
    let code = match Cli::parse().verb {
        Verb::Serve(args) => serve::run(args),
        Verb::Connect(args) => connect::run(&args),
        Verb::Cert(args) => said(cert::run(&args)),
        Verb::Demo(args) => demo::run(&args),
    };
    ExitCode::from(code as u8)
}

/// The code that it came to, after a failure has been said.
fn said(done: Result<(), Failure>) -> Code {
    match done {
        Ok(()) => Code::Done,
        Err(failure) => {
            eprintln!("handfast: {}", human::told(&failure));
            failure.code
        }
    }
}

/// Runs to the end, and waits for nothing else: a read of stdin that nobody needs any more may never return.
fn on_runtime(work: impl Future<Output = Result<(), Failure>>) -> Result<(), Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let runtime = runtime.map_err(|e| Failure::io(format!("cannot start: {e}.")))?;
    let done = runtime.block_on(work);
    runtime.shutdown_background();
    done
}

/// Where secrets are logged: the file of the command line, or of `SSLKEYLOGFILE`.
fn keylog(path: Option<&Path>) -> Result<Option<Arc<dyn KeyLog>>, Failure> {
    let file = match path {
        Some(path) => Some(KeyLogFile::open(path).map_err(|e| Failure::file("write", path, e))?),
        None => {
            KeyLogFile::from_env().map_err(|e| Failure::io(format!("cannot write the file of SSLKEYLOGFILE: {e}.")))?
        }
    };
    Ok(file.map(|f| Arc::new(f) as Arc<dyn KeyLog>))
}

/// A reader of stdout who has seen enough is no error.
fn quietly(error: io::Error) -> io::Result<()> {
    if error.kind() == io::ErrorKind::BrokenPipe { Ok(()) } else { Err(error) }
}
