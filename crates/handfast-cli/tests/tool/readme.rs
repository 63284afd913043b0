//! What the README shows is what the tool prints.

use super::codes::peer;
use super::run::{Dir, run};
use std::io::{Read, Write};

/// The lines of the README's block that begins with this command, without it.
#[track_caller]
fn shown(command: &str) -> &'static str {
    let readme = include_str!("../../../../README.md");
    let start = format!("```console\n$ {command}\n");
    let (_, rest) = readme.split_once(&start).unwrap_or_else(|| panic!("no {command} in the README"));
    rest.split_once("```").expect("an end").0
}

#[test]
fn the_picture_is_what_connect_prints() {
    // A server that has TLS 1.0 only: it chooses that, whatever is offered.
    let port = peer(|mut socket| {
        let _ = socket.read(&mut [0; 4096]);
        let mut hello = vec![22, 3, 1, 0, 42, 2, 0, 0, 38, 3, 1];
        hello.extend([0x55; 32]);
        hello.extend([0, 0, 0x2f, 0]); // no session ID, TLS_RSA_WITH_AES_128_CBC_SHA, no compression
        let _ = socket.write_all(&hello);
        let _ = socket.read(&mut [0; 4096]);
    });
    let dir = Dir::new();
    let done = run(&dir, &["connect", &format!("127.0.0.1:{port}"), "--name", "old-printer.lan"], "");
    done.ends(5, &[]);
    assert_eq!(done.stderr, shown("handfast connect old-printer.lan"));
}
