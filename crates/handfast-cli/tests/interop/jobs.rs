//! Cells, several at a time.

use super::cases::{Case, Feature};
use super::material::Material;
use super::peers::{Lacks, Peer};
use super::run;
use std::collections::HashSet;
use std::sync::mpsc::channel;
use std::sync::{Condvar, Mutex, PoisonError};
use std::thread;

/// What became of a cell.
#[derive(Clone, Debug)]
pub enum Cell {
    Ok,
    /// The peer does not have it: why.
    Lacks(&'static str),
    Failed(String),
}

/// A peer, as server or as client.
#[derive(Clone, Copy)]
pub struct Column<'a> {
    pub peer: &'a dyn Peer,
    pub side: &'static str,
}

impl Column<'_> {
    pub fn id(&self) -> Id {
        (self.peer.name(), self.side)
    }
}

/// What names a column.
pub type Id = (&'static str, &'static str);

/// A cell to fill.
pub type Job<'a> = (Case, Column<'a>);

/// What is left to do, and for which columns something is being done that can do one thing at a time.
struct Queue<'a> {
    left: Vec<Job<'a>>,
    busy: HashSet<Id>,
}

/// Fills each cell, and tells of it. Most of a cell is waiting for something to start: there are two at a time for each core.
pub fn run(jobs: Vec<Job<'_>>, material: &Material, mut done: impl FnMut(Case, Id, Cell)) {
    let cores = thread::available_parallelism().map_or(1, usize::from);
    // For these, our server has to be there for long before anything is asked of it.
    let (waiting, left): (Vec<_>, Vec<_>) = jobs.into_iter().partition(|(case, _)| case.feature == Feature::EarlyData);
    let queue = (Mutex::new(Queue { left, busy: HashSet::new() }), Condvar::new());
    let (tell, told) = channel();
    thread::scope(|scope| {
        for (case, column) in waiting {
            let tell = tell.clone();
            scope.spawn(move || tell.send((case, column.id(), cell(&case, column, &material.apart()))));
        }
        for _ in 0..2 * cores {
            let (tell, queue) = (tell.clone(), &queue);
            scope.spawn(move || {
                while let Some((case, column)) = take(queue) {
                    let _ = tell.send((case, column.id(), cell(&case, column, &material.apart())));
                    give_back(queue, column);
                }
            });
        }
        drop(tell);
        for (case, id, cell) in told {
            done(case, id, cell);
        }
    });
}

/// The first that can be done now; waits until there is one, if any is left.
fn take<'a>((queue, freed): &(Mutex<Queue<'a>>, Condvar)) -> Option<Job<'a>> {
    let mut queue = queue.lock().unwrap_or_else(PoisonError::into_inner);
    loop {
        let Queue { left, busy } = &mut *queue;
        if left.is_empty() {
            return None;
        }
        if let Some(at) = left.iter().position(|(_, column)| !busy.contains(&column.id())) {
            let job = left.remove(at);
            if job.1.peer.is_one() {
                busy.insert(job.1.id());
            }
            return Some(job);
        }
        queue = freed.wait(queue).unwrap_or_else(PoisonError::into_inner);
    }
}

fn give_back((queue, freed): &(Mutex<Queue<'_>>, Condvar), column: Column<'_>) {
    queue.lock().unwrap_or_else(PoisonError::into_inner).busy.remove(&column.id());
    freed.notify_all();
}

/// Runs one cell, a second time if the first fails: a loaded machine may be late, never wrong.
fn cell(case: &Case, column: Column<'_>, material: &Material) -> Cell {
    let once = || {
        let done = match column.side {
            _ if material.lacks(case).is_some() => Err(Lacks::It(material.lacks(case).unwrap_or_default())),
            "server" => run::our_client(column.peer, case, material),
            _ => run::our_server(column.peer, case, material),
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
