//! One field against another.

use super::capture::Read;
use super::ours::Field;
use super::table::{ALIKE, EXCUSED_OURS, EXCUSED_THEIRS, How, Row, UNREAD, rows};

/// What is not the same, and how many fields are.
#[derive(Default)]
pub(crate) struct Verdict {
    pub(crate) same: usize,
    pub(crate) wrong: Vec<String>,
}

/// Every field that both have is the same, and what one of them has alone is excused.
pub(crate) fn compare(ours: &[Field], theirs: &[Read]) -> Verdict {
    let mut verdict = Verdict::default();
    let mut met = vec![false; theirs.len()];
    for field in ours {
        if let Err(why) = meet(field, theirs, &mut met, &mut verdict.same) {
            verdict.wrong.push(format!("{} at {}..{}, {:?}: {why}", field.path, field.start, field.end, field.value));
        }
    }
    for (read, _) in theirs.iter().zip(&met).filter(|(_, met)| !**met) {
        // What takes no bytes is reckoned by tshark; what has no name only holds others.
        let holds = read.name.is_empty() && !read.shown.starts_with("Extension: ");
        let before = read.start < 0 || read.name == "tls.handshake";
        if read.size > 0 && !holds && !before && !EXCUSED_THEIRS.iter().any(|(name, _)| *name == read.name) {
            verdict
                .wrong
                .push(format!("tshark alone has {} at {}, {} bytes: {}", read.name, read.start, read.size, read.shown));
        }
    }
    verdict
}

fn meet(field: &Field, theirs: &[Read], met: &mut [bool], same: &mut usize) -> Result<(), String> {
    let key = field.key();
    let key = key.as_str();
    if let Some(name) = key.strip_prefix("extensions/").filter(|name| *name != "length") {
        return find("", |read| is_extension(name, read), field.start, field.end, theirs, met, same);
    }
    if UNREAD.iter().any(|(name, _)| *name == key) {
        let within = |read: &Read| field.start <= read.start && read.start + read.size <= field.end;
        let inside = theirs.iter().zip(&mut *met).filter(|(read, _)| within(read));
        inside.for_each(|(_, met)| *met = true);
        if key.ends_with("/extension_data") {
            return Ok(());
        }
    }
    if rows(key).next().is_none() {
        let excused = EXCUSED_OURS.iter().any(|(name, _)| *name == key);
        return if excused { Ok(()) } else { Err(format!("no row says what tshark calls {key:?}")) };
    }
    let tried: Vec<_> = rows(key).map(|row| by_row(row, field, theirs, met, same)).collect();
    // Where a field means different things in different places, one row holds.
    let failed = tried.iter().all(Result::is_err);
    if failed { tried.into_iter().collect::<Result<(), _>>() } else { Ok(()) }
}

fn by_row(row: &Row, field: &Field, theirs: &[Read], met: &mut [bool], same: &mut usize) -> Result<(), String> {
    let content = field.start + row.skip;
    if !row.length.is_empty() {
        let says = |read: &Read| {
            number(&read.value).filter(|n| i64::from(*n) == field.end - content).map(|_| ()).ok_or_else(String::new)
        };
        find(row.length, says, field.start, content, theirs, met, same)?;
    }
    if !row.theirs.is_empty() && content < field.end {
        find(row.theirs, |read| is_same(row.how, field, read), content, field.end, theirs, met, same)?;
    }
    Ok(())
}

/// Meets the field of this name in this place.
fn find(
    name: &str,
    is_same: impl Fn(&Read) -> Result<(), String>,
    start: i64,
    end: i64,
    theirs: &[Read],
    met: &mut [bool],
    same: &mut usize,
) -> Result<(), String> {
    let mut why = format!("tshark has no {name:?} at {start}..{end}");
    let candidates = theirs
        .iter()
        .enumerate()
        .filter(|(_, read)| read.name == name && read.start == start && read.size == end - start);
    for (n, read) in candidates {
        match is_same(read) {
            Ok(()) => {
                met[n] = true;
                *same += 1;
                return Ok(());
            }
            Err(other) => why = format!("tshark says {:?}. {other}", read.shown),
        }
    }
    Err(why)
}

/// `Extension: server_name (len=14)`.
fn is_extension(name: &str, read: &Read) -> Result<(), String> {
    let theirs = read
        .shown
        .strip_prefix("Extension: ")
        .and_then(|rest| rest.split(" (len=").next())
        .ok_or("it is no extension")?;
    let unknown = theirs.starts_with("Unknown") || theirs.starts_with("Reserved");
    if unknown || alike(name, theirs) { Ok(()) } else { Err(format!("it is called {theirs}")) }
}

fn is_same(how: How, field: &Field, read: &Read) -> Result<(), String> {
    let ours = field.value.as_str();
    let other = |theirs: String| Err(format!("{ours:?} is not {theirs:?}"));
    match how {
        How::Place => Ok(()),
        How::Text if ours == read.value => Ok(()),
        How::Text => other(read.value.clone()),
        How::Bytes => {
            let hex = shortened(&read.value.replace(':', ""));
            if ours == hex { Ok(()) } else { other(hex) }
        }
        How::Number => match (number(ours), number(&read.value)) {
            (Some(n), Some(m)) if n == m => Ok(()),
            (_, m) => other(format!("{m:?}")),
        },
        How::Named(registry) => {
            let n = registry(ours).or_else(|| number(ours));
            if n.is_none() || n != number(&read.value) {
                return other(read.value.clone());
            }
            let name = read.shown.split_once(": ").map_or("", |(_, rest)| rest);
            let name = name.rsplit_once(" (").map_or(name, |(name, _)| name);
            let unknown = name.starts_with("Unknown") || name.ends_with("Unknown") || name.starts_with("Reserved");
            let own = ours.rsplit_once(" (").map_or(ours, |(own, _)| own);
            if unknown || alike(own, name) { Ok(()) } else { Err(format!("{own:?} is called {name:?}")) }
        }
    }
}

/// Two names of the same thing: but for signs and capitals the same, or known to be.
fn alike(ours: &str, theirs: &str) -> bool {
    let plain = |text: &str| text.to_lowercase().replace(|c: char| !c.is_ascii_alphanumeric(), "");
    plain(ours) == plain(theirs) || ALIKE.contains(&(ours, theirs))
}

/// The number in `name (13)`, `GREASE 0x0a0a`, `0x1301` or `2 bytes`.
fn number(text: &str) -> Option<u32> {
    let text = text.strip_suffix(')').and_then(|t| t.rsplit_once('(')).map_or(text, |(_, inside)| inside);
    if let Some((_, hex)) = text.split_once("0x") {
        return u32::from_str_radix(hex.split(' ').next()?, 16).ok();
    }
    text.split(' ').next()?.parse().ok()
}

/// Hexadecimal as our tool has it.
fn shortened(hex: &str) -> String {
    match hex.len() / 2 {
        n @ 41.. => format!("{}…({n} bytes)…{}", &hex[..32], &hex[hex.len() - 16..]),
        _ => hex.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_in_words() {
        for (text, n) in
            [("server_name (0)", 0), ("GREASE 0x0a0a", 0x0a0a), ("0x1301", 0x1301), ("2 bytes", 2), ("7", 7)]
        {
            assert_eq!(number(text), Some(n), "{text}");
        }
        assert_eq!(number("null"), None);
    }
}
