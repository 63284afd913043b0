//! The tool against peers that we did not write, on loopback, both ways: a printed matrix.
//!
//! A row is something to agree on, a column a peer as server or as client. `ok` was spoken and checked on our side's own
//! events; `-` is something that the peer does not have. An absent peer is named and skipped, unless `HANDFAST_PEERS` is
//! `required`: then it is an error.

mod cases;
mod material;
mod peers;
mod run;

use cases::{Case, cases};
use peers::{Peer, peers};
use std::process::ExitCode;

/// What became of a cell.
enum Cell {
    Ok,
    /// The peer does not have it: why.
    Lacks(&'static str),
    Failed(String),
}

fn main() -> ExitCode {
    // Asked for by test runners that list before they run.
    if std::env::args().any(|a| a == "--list") {
        println!("matrix: test");
        return ExitCode::SUCCESS;
    }
    let filter = std::env::args().skip(1).find(|a| !a.starts_with('-'));
    let required = std::env::var("HANDFAST_PEERS").is_ok_and(|v| v == "required");
    let material = material::Material::make();
    let mut present: Vec<Box<dyn Peer>> = Vec::new();
    let mut absent = Vec::new();
    for peer in peers() {
        match peer.version() {
            Some(version) => {
                println!("peer {:<10} {version}", peer.name());
                present.push(peer);
            }
            None => absent.push(peer.name()),
        }
    }
    for name in &absent {
        println!("peer {name:<10} absent: skipped");
    }
    if required && !absent.is_empty() {
        println!("error: peers are required here, and these are absent: {}", absent.join(", "));
        return ExitCode::FAILURE;
    }

    let mut header = format!("\n{:<54}", "");
    for peer in &present {
        for side in [peer.serves().then_some("server"), peer.connects().then_some("client")].into_iter().flatten() {
            header += &format!("{:<10}", peer.name());
            let _ = side;
        }
    }
    header += &format!("\n{:<54}", "the peer is");
    for peer in &present {
        header += &sides(&**peer).map(|s| format!("{s:<10}")).collect::<String>();
    }
    println!("{header}");

    let (mut passed, mut failures, mut lacking) = (0, Vec::new(), Vec::new());
    for case in cases() {
        if filter.as_ref().is_some_and(|f| !case.name().contains(f.as_str())) {
            continue;
        }
        let mut line = format!("{:<54}", case.name());
        for peer in &present {
            for side in sides(&**peer) {
                let cell = cell(&**peer, &case, side, &material);
                let shown = match &cell {
                    Cell::Ok => "ok",
                    Cell::Lacks(_) => "-",
                    Cell::Failed(_) => "FAILED",
                };
                line += &format!("{shown:<10}");
                let place = format!("{} as {side}, {}", peer.name(), case.name());
                match cell {
                    Cell::Ok => passed += 1,
                    Cell::Lacks(why) => lacking.push((peer.name(), side, why)),
                    Cell::Failed(why) => failures.push(format!("{place}: {why}")),
                }
            }
        }
        println!("{}", line.trim_end());
    }
    lacking.sort_unstable();
    lacking.dedup();
    println!();
    for (peer, side, why) in &lacking {
        println!("- {peer} as {side}: {why}");
    }
    for failure in &failures {
        println!("FAILED {failure}");
    }
    println!("\ninterop: {passed} passed, {} failed", failures.len());
    if failures.is_empty() && (passed > 0 || present.is_empty()) { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn sides(peer: &dyn Peer) -> impl Iterator<Item = &'static str> + use<> {
    [peer.serves().then_some("server"), peer.connects().then_some("client")].into_iter().flatten()
}

/// Runs one cell, a second time if the first fails: a loaded machine may be late, never wrong.
fn cell(peer: &dyn Peer, case: &Case, side: &str, material: &material::Material) -> Cell {
    let once = || match side {
        "server" => run::our_client(peer, case, material),
        _ => run::our_server(peer, case, material),
    };
    match once() {
        Cell::Failed(first) => match once() {
            Cell::Failed(_) => Cell::Failed(first),
            other => other,
        },
        other => other,
    }
}
