//! The tool against peers that we did not write, on loopback, both ways: two printed matrices, of the versions before TLS 1.3
//! against the libraries that have them, and of all else against everybody.
//!
//! A row is something to agree on, a column a peer as server or as client. `ok` was spoken and checked on our side's own
//! events; `-` is something that the peer does not have. An absent peer is named and skipped, unless `HANDFAST_PEERS` is
//! `required`: then it is an error. Or it names the peers to try, comma between, and an argument picks rows:
//! `HANDFAST_PEERS=openssl3.6,firefox cargo test -p handfast-cli --test interop MLKEM`.
#![allow(unreachable_pub, reason = "modules of one test")]

mod cases;
mod classic;
mod flags;
mod jobs;
mod material;
mod peers;
mod relay;
mod run;
mod seen;
mod timestamps;
mod tool;

use cases::{Case, cases};
use jobs::{Cell, Column, Id};
use peers::{Peer, peers};
use std::collections::{BTreeMap, HashMap, HashSet};
use std::process::ExitCode;
use std::time::Instant;

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

/// Rows, and the columns that they have.
struct Table<'a> {
    title: &'static str,
    rows: Vec<Case>,
    columns: Vec<Column<'a>>,
}

/// What became of each cell so far. A row that is in both tables is tried once.
type Cells = HashMap<(Case, Id), Cell>;

impl Table<'_> {
    fn print_head(&self) {
        println!("\n{}", self.title);
        print_line("", self.columns.iter().map(|column| column.peer.name()));
        print_line("the peer is", self.columns.iter().map(|column| column.side));
    }

    /// Whether all of this row is known.
    fn is_done(&self, row: &Case, cells: &Cells) -> bool {
        self.columns.iter().all(|column| cells.contains_key(&(*row, column.id())))
    }

    fn print_row(&self, row: &Case, cells: &Cells) {
        let shown = self.columns.iter().map(|column| match cells.get(&(*row, column.id())) {
            Some(Cell::Ok) => "ok",
            Some(Cell::Lacks(_)) => "-",
            Some(Cell::Failed(_)) => "FAILED",
            None => "?",
        });
        print_line(&row.name(), shown);
    }
}

fn print_line<'s>(name: &str, cells: impl Iterator<Item = &'s str>) {
    let line = cells.fold(format!("{name:<64}"), |line, cell| line + &format!("{cell:<11}"));
    println!("{}", line.trim_end());
}

fn main() -> ExitCode {
    // Asked for by test runners that list before they run.
    if std::env::args().any(|a| a == "--list") {
        println!("matrix: test");
        return ExitCode::SUCCESS;
    }
    let filter = std::env::args().skip(1).find(|a| !a.starts_with('-')).unwrap_or_default();
    let asked = std::env::var("HANDFAST_PEERS").ok().filter(|a| !a.is_empty());
    let required = asked.is_some();
    let is_asked = |name: &str| asked.as_ref().is_none_or(|a| a == "required" || a.split(',').any(|n| n == name));
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
    let tables = tables(&present, &filter);
    let begun = Instant::now();
    let cells = fill(&tables);
    let count = |is: fn(&Cell) -> bool| cells.values().filter(|cell| is(cell)).count();
    let passed = count(|cell| matches!(cell, Cell::Ok));
    let failed = count(|cell| matches!(cell, Cell::Failed(_)));
    let lacking = tell_of_the_empty(&cells);
    let seconds = begun.elapsed().as_secs();
    println!("\ninterop: {passed} passed, {failed} failed, {lacking} that the peer does not have; {seconds} s");
    if failed == 0 && (passed > 0 || present.is_empty() && !required) { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Both tables, with the rows that are wanted.
fn tables<'a>(present: &'a [Box<dyn Peer>], filter: &str) -> [Table<'a>; 2] {
    let columns = |is: fn(&dyn Peer) -> bool| {
        let peers = present.iter().map(|peer| &**peer).filter(|peer| is(*peer));
        peers.flat_map(|peer| sides(peer).map(move |side| Column { peer, side })).collect()
    };
    let wanted = |rows: Vec<Case>| rows.into_iter().filter(|row| row.name().contains(filter)).collect();
    [
        Table {
            title: "Before TLS 1.3: every suite, and what follows for each key exchange",
            rows: wanted(classic::cases()),
            columns: columns(|peer| peer.has_classic()),
        },
        Table { title: "All else", rows: wanted(cases()), columns: columns(|_| true) },
    ]
}

fn sides(peer: &dyn Peer) -> impl Iterator<Item = &'static str> + use<> {
    [peer.serves().then_some("server"), peer.connects().then_some("client")].into_iter().flatten()
}

/// Fills all cells, and prints the rows in their order as soon as they are full.
fn fill(tables: &[Table<'_>]) -> Cells {
    let material = material::Material::make();
    let mut asked = HashSet::new();
    let all = tables.iter().flat_map(|table| {
        let columns = |row| table.columns.iter().map(move |column| (row, *column));
        table.rows.iter().copied().flat_map(columns).collect::<Vec<_>>()
    });
    let jobs = all.filter(|(row, column)| asked.insert((*row, column.id()))).collect();
    let mut cells = Cells::new();
    let mut lines = tables.iter().flat_map(|table| table.rows.iter().enumerate().map(move |(n, row)| (table, n, row)));
    let mut next = lines.next();
    jobs::run(jobs, &material, |row, id, cell| {
        if let Cell::Failed(why) = &cell {
            println!("FAILED {} as {}, {}: {why}", id.0, id.1, row.name());
        }
        cells.insert((row, id), cell);
        while let Some((table, n, row)) = next.filter(|(table, _, row)| table.is_done(row, &cells)) {
            if n == 0 {
                table.print_head();
            }
            table.print_row(row, &cells);
            next = lines.next();
        }
    });
    cells
}

/// Why cells are empty, and how many.
fn tell_of_the_empty(cells: &Cells) -> usize {
    let mut reasons = BTreeMap::new();
    for ((_, (peer, side)), cell) in cells {
        if let Cell::Lacks(why) = cell {
            *reasons.entry((*peer, *side, *why)).or_insert(0) += 1;
        }
    }
    println!();
    for ((peer, side, why), times) in &reasons {
        println!("- {times:>4} {peer} as {side}: {why}");
    }
    for (what, tested) in NO_PEER {
        println!("no peer here has {what}: tested {tested}");
    }
    reasons.values().sum()
}
