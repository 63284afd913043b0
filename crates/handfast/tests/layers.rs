//! Imports point down: a room of the library uses only what lies below it, and no file outgrows its purpose.

use std::fs;
use std::path::{Path, PathBuf};

/// The rooms from the bottom up; those in one row may use each other.
const LAYERS: &[&[&str]] = &[
    &["wire", "time", "bounded"],
    &[
        "alert",
        "extension",
        "message",
        "compression",
        "crypto",
        "keys",
        "config",
        "policy",
        "psk",
        "wait",
        "error",
        "event",
        "trace",
        "session",
        "verify",
    ],
    &["record"],
    &["handshake"],
    &["connection"],
    &["buffered"],
    &["stream"],
];

/// Within the middle layer, what may not look where: bytes know nothing of decisions.
const FORBIDDEN: &[(&str, &[&str])] = &[
    ("extension", &["message", "keys", "config", "session", "verify", "error"]),
    ("message", &["compression", "keys", "config", "session", "verify", "error"]),
    ("keys", &["config", "session", "verify", "error"]),
    ("alert", &["message", "config", "error"]),
];

fn files(dir: &Path, out: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(dir).expect("a folder").flatten() {
        let path = entry.path();
        if path.is_dir() {
            files(&path, out);
        } else if path.extension().is_some_and(|e| e == "rs") {
            out.push(path);
        }
    }
}

/// The rooms that a file names with `crate::`, its tests left out.
fn uses(text: &str) -> Vec<String> {
    let code = text.split("#[cfg(test)]").next().unwrap_or_default();
    let code: String = code.lines().filter(|l| !l.trim_start().starts_with("//")).collect();
    let word = |text: &str| text.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect();
    let mut out = Vec::new();
    for after in code.split("crate::").skip(1) {
        // `crate::room` or `crate::{room, room::Thing}`.
        match after.strip_prefix('{').and_then(|list| list.split_once("};")) {
            Some((list, _)) => out.extend(list.split([',', '{']).map(|part| word(part.trim()))),
            None => out.push(word(after)),
        }
    }
    out
}

fn level(room: &str) -> Option<usize> {
    LAYERS.iter().position(|l| l.contains(&room))
}

#[test]
fn imports_point_down() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut all = Vec::new();
    files(&src, &mut all);
    assert!(all.len() > 30, "the sources are not where they were");
    let mut wrong = Vec::new();
    for path in all {
        let inside = path.strip_prefix(&src).expect("inside");
        let room = inside.iter().next().expect("a name").to_string_lossy().trim_end_matches(".rs").to_owned();
        let Some(own) = level(&room) else {
            assert_eq!(room, "lib", "{room} stands in no layer: give it one");
            continue;
        };
        let text = fs::read_to_string(&path).expect("text");
        let forbidden = FORBIDDEN.iter().find(|(r, _)| *r == room).map_or(&[][..], |(_, f)| f);
        for used in uses(&text) {
            if level(&used).is_some_and(|l| l > own) || forbidden.contains(&used.as_str()) {
                wrong.push(format!("{} uses {used}", inside.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn unsafe_is_forbidden_here() {
    let lib = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("src/lib.rs")).expect("text");
    assert!(lib.contains("#![forbid(unsafe_code)]"));
}
