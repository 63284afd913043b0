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

#[test]
fn every_flag_in_the_readme_is_one() {
    let readme = include_str!("../../../../README.md");
    let commands = readme.lines().filter_map(|l| l.split('#').next()?.trim().strip_prefix("handfast "));
    let mut seen = 0;
    for command in commands {
        let verb = command.split(' ').next().expect("a verb");
        let help = run(&Dir::new(), &[verb, "--help"], "").text();
        for flag in command.split(' ').filter(|w| w.starts_with("--")) {
            assert!(help.split_whitespace().any(|w| w == flag), "{verb} has no {flag}");
            seen += 1;
        }
    }
    assert!(seen > 5, "{seen}");
}
