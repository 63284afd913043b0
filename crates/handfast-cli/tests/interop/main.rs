//! The tool against peers that we did not write, on loopback, both ways: a printed matrix.
//!
//! A row is something to agree on, a column a peer as server or as client. `ok` was spoken and checked on our side's own
//! events; `-` is something that the peer does not have. An absent peer is named and skipped, unless `HANDFAST_PEERS` is
//! `required`: then it is an error. Or it names the peers to try, comma between, and an argument picks rows:
//! `HANDFAST_PEERS=openssl3.6,firefox cargo test -p handfast-cli --test interop MLKEM`.
#![allow(unreachable_pub, reason = "modules of one test")]

mod cases;
mod flags;
mod material;
mod peers;
mod relay;
mod run;
mod seen;
mod timestamps;
mod tool;

use cases::{Case, cases};
use peers::{Lacks, Peer, peers};
use std::process::ExitCode;

/// What became of a cell.
enum Cell {
    Ok,
    /// The peer does not have it: why.
    Lacks(&'static str),
    Failed(String),
}

/// What none of the peers has, or none can be told to do; and which tests see it.
const NO_PEER: [(&str, &str); 3] = [
    (
        "imported pre-shared keys (RFC 9258, which has no vectors)",
        "between both ends of ours in crates/handfast/tests/psk.rs, and against the RFC's formula in \
         crates/handfast/src/keys/tests.rs (an_imported_psk_is_what_the_formula_says)",
    ),
    (
        "ticket requests (RFC 9149, which has no vectors)",
        "between both ends of ours in crates/handfast/tests/sessions.rs (a_server_heeds_how_many_tickets_are_wanted)",
    ),
    (
        "a client that plays early data back to another server, after a restart or too late (RFC 9846 8)",
        "between both ends of ours in crates/handfast/tests/early.rs; that it is not taken twice is seen with s_client, too",
    ),
];

fn main() -> ExitCode {
    // Asked for by test runners that list before they run.
    if std::env::args().any(|a| a == "--list") {
        println!("matrix: test");
        return ExitCode::SUCCESS;
    }
    let filter = std::env::args().skip(1).find(|a| !a.starts_with('-'));
    let asked = std::env::var("HANDFAST_PEERS").ok().filter(|a| !a.is_empty());
    let required = asked.is_some();
    let is_asked = |name: &str| asked.as_ref().is_none_or(|a| a == "required" || a.split(',').any(|n| n == name));
    let material = material::Material::make();
    let mut present: Vec<Box<dyn Peer>> = Vec::new();
    let mut absent = Vec::new();
    for peer in peers().into_iter().filter(|peer| is_asked(peer.name())) {
        match peer.version() {
            Some(version) => {
                println!("peer {:<11} {version}", peer.name());
                present.push(peer);
            }
            None => absent.push(peer.name()),
        }
    }
    for name in &absent {
        println!("peer {name:<11} absent: skipped");
    }
    if required && !absent.is_empty() {
        println!("error: peers are required here, and these are absent: {}", absent.join(", "));
        return ExitCode::FAILURE;
    }

    let columns: Vec<(&dyn Peer, &str)> =
        present.iter().flat_map(|peer| sides(&**peer).map(move |side| (&**peer, side))).collect();
    let row = |name: &str, cells: &mut dyn Iterator<Item = &str>| {
        let line = cells.fold(format!("{name:<64}"), |line, cell| line + &format!("{cell:<11}"));
        println!("{}", line.trim_end());
    };
    println!();
    row("", &mut columns.iter().map(|(peer, _)| peer.name()));
    row("the peer is", &mut columns.iter().map(|(_, side)| *side));

    let (mut passed, mut failed, mut lacking) = (0, 0, Vec::new());
    for case in cases() {
        if filter.as_ref().is_some_and(|f| !case.name().contains(f.as_str())) {
            continue;
        }
        let mut shown = Vec::new();
        for &(peer, side) in &columns {
            shown.push(match cell(peer, &case, side, &material) {
                Cell::Ok => {
                    passed += 1;
                    "ok"
                }
                Cell::Lacks(why) => {
                    lacking.push((peer.name(), side, why));
                    "-"
                }
                Cell::Failed(why) => {
                    println!("FAILED {} as {side}, {}: {why}", peer.name(), case.name());
                    failed += 1;
                    "FAILED"
                }
            });
        }
        row(&case.name(), &mut shown.into_iter());
    }
    lacking.sort_unstable();
    lacking.dedup();
    println!();
    for (peer, side, why) in &lacking {
        println!("- {peer} as {side}: {why}");
    }
    for (what, tested) in NO_PEER {
        println!("no peer here has {what}: tested {tested}");
    }
    println!("\ninterop: {passed} passed, {failed} failed");
    if failed == 0 && (passed > 0 || present.is_empty() && !required) { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn sides(peer: &dyn Peer) -> impl Iterator<Item = &'static str> + use<> {
    [peer.serves().then_some("server"), peer.connects().then_some("client")].into_iter().flatten()
}

/// Runs one cell, a second time if the first fails: a loaded machine may be late, never wrong.
fn cell(peer: &dyn Peer, case: &Case, side: &str, material: &material::Material) -> Cell {
    let once = || {
        let done = match side {
            _ if material.lacks(case).is_some() => Err(Lacks::It(material.lacks(case).unwrap_or_default())),
            "server" => run::our_client(peer, case, material),
            _ => run::our_server(peer, case, material),
        };
        match done {
            Ok(()) => Cell::Ok,
            Err(Lacks::It(why)) => Cell::Lacks(why),
            Err(Lacks::Failed(why)) => Cell::Failed(why),
        }
    };
    match once() {
        Cell::Failed(first) => match once() {
            Cell::Failed(_) => Cell::Failed(first),
            other => other,
        },
        other => other,
    }
}
