//! What we read in the hellos of real clients and servers, against what tshark reads in them.
//!
//! The hellos are in `tests/hellos`. The tool reads each off a socket, as it came once, and says its fields as JSON; tshark reads all of them
//! from a capture. Every field that both have must have the same place, size and value; what only one of them has must be excused. Where
//! tshark is absent nothing is compared, unless `HANDFAST_PEERS` is `required`: then that is an error.
#![cfg(unix)]

mod capture;
mod compare;
mod ours;
mod peers;
mod record;
mod table;

use capture::Read;
use compare::compare;
use ours::Field;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// Where the hellos are.
fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/hellos")
}

/// A hello that someone said once.
struct Hello {
    file: String,
    /// Who said it.
    version: String,
    /// On what occasion.
    what: String,
    /// The message, header included.
    raw: Vec<u8>,
}

impl Hello {
    /// As a file has it: who and what in a line each, and the bytes in hexadecimal.
    fn write(&self) {
        let mut text = format!("# {}\n# {}\n", self.version, self.what);
        for line in self.raw.chunks(32) {
            text.extend(line.iter().map(|byte| format!("{byte:02x}")));
            text.push('\n');
        }
        std::fs::write(folder().join(&self.file), text).expect("the hello is written");
    }

    fn read(path: &Path) -> Self {
        let text = std::fs::read_to_string(path).expect("a hello");
        let mut said = text.lines().filter_map(|line| line.strip_prefix("# ")).map(str::to_owned);
        let (version, what) = (said.next().unwrap_or_default(), said.next().unwrap_or_default());
        let hex: String = text.lines().filter(|line| !line.starts_with('#')).collect();
        let byte =
            |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).expect("hexadecimal"), 16).expect("hexadecimal");
        let file = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        Self { file, version, what, raw: hex.as_bytes().chunks(2).map(byte).collect() }
    }
}

/// All of them, in the order of their names.
fn hellos() -> Vec<Hello> {
    let files = std::fs::read_dir(folder()).expect("the folder of hellos").map(|entry| entry.expect("an entry").path());
    let mut files: Vec<_> = files.filter(|path| !path.ends_with("README.md")).collect();
    files.sort();
    files.iter().map(|path| Hello::read(path)).collect()
}

/// All hellos, with the fields that we read in them, and those that tshark reads.
type All = (Vec<Hello>, Vec<Vec<Field>>, Vec<Vec<Read>>);

/// `None` where tshark is absent.
fn read() -> Option<All> {
    let Some(version) = capture::version() else {
        let required = std::env::var("HANDFAST_PEERS").is_ok_and(|peers| peers == "required");
        assert!(!required, "tshark is required here, and is absent");
        println!("tshark is absent: nothing is compared");
        return None;
    };
    println!("{version}");
    let dir = std::env::temp_dir().join(format!("handfast-tshark-{}", std::process::id()));
    std::fs::create_dir_all(&dir).expect("a folder");
    let hellos = hellos();
    let is_server = |hello: &Hello| hello.raw.first() == Some(&2);
    let records = hellos.iter().map(|hello| (is_server(hello), ours::record(&hello.raw)));
    let theirs =
        capture::read(&dir, &records.map(|(server, (header, bytes))| (server, header, bytes)).collect::<Vec<_>>());
    let ours = ours::read(&dir, &hellos);
    let _ = std::fs::remove_dir_all(&dir);
    Some((hellos, ours, theirs))
}

#[test]
fn every_field_that_tshark_has_too_is_where_it_is_and_says_the_same() {
    let Some((hellos, ours, theirs)) = read() else { return };
    let mut wrong = Vec::new();
    for ((hello, ours), theirs) in hellos.iter().zip(&ours).zip(&theirs) {
        let verdict = compare(ours, theirs);
        println!("{:<24} {:>4} fields are the same: {}, {}", hello.file, verdict.same, hello.version, hello.what);
        wrong.extend(verdict.wrong.iter().map(|why| format!("{}: {why}", hello.file)));
    }
    assert!(wrong.is_empty(), "{} fields are not the same:\n{}", wrong.len(), wrong.join("\n"));
    assert!(hellos.len() >= 20, "there are {} hellos", hellos.len());
    every_change_is_found(&ours, &theirs);
}

/// That it can fail: in every hello, each field is moved, cut, left out and given another value, one at a time; so are tshark's.
fn every_change_is_found(ours: &[Vec<Field>], theirs: &[Vec<Read>]) {
    let (mut changes, mut passed) = (0, BTreeSet::new());
    let mut change = |what: String, ours: &[Field], theirs: &[Read]| {
        changes += 1;
        if compare(ours, theirs).wrong.is_empty() {
            passed.insert(what);
        }
    };
    for (ours, theirs) in ours.iter().zip(theirs) {
        for n in 0..ours.len() {
            let key = ours[n].key();
            // What tshark does not have can be anything: it has nothing that is empty.
            if table::is_excused(&key) || ours[n].start == ours[n].end {
                continue;
            }
            let altered = |alter: &dyn Fn(&mut Field)| {
                let mut all = ours.clone();
                alter(&mut all[n]);
                all
            };
            change(format!("{key} begins later"), &altered(&|f| f.start += 1), theirs);
            change(format!("{key} ends earlier"), &altered(&|f| f.end -= 1), theirs);
            let mut without = ours.clone();
            without.remove(n);
            change(format!("{key} is left out"), &without, theirs);
            if table::has_value(&key) && !ours[n].value.is_empty() && ours[n].value != "empty" {
                change(format!("{key} has another value"), &altered(&|f| f.value = "another".into()), theirs);
            }
        }
    }
    println!("{changes} changes of a field, one at a time");
    assert!(passed.is_empty(), "these changes were not found: {passed:#?}");
}
