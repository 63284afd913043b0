//! What speaks there, if it is not TLS: told by its first bytes.

use crate::error::NotTls;

/// What others say first.
const WORDS: &[(&[u8], NotTls)] = &[
    (b"HTTP/", NotTls::Http),
    (b"GET ", NotTls::Http),
    (b"POST ", NotTls::Http),
    (b"HEAD ", NotTls::Http),
    (b"PUT ", NotTls::Http),
    (b"DELETE ", NotTls::Http),
    (b"OPTIONS ", NotTls::Http),
    (b"CONNECT ", NotTls::Http),
    (b"PATCH ", NotTls::Http),
    (b"TRACE ", NotTls::Http),
    (b"PRI * ", NotTls::Http),
    (b"SSH-", NotTls::Ssh),
];
/// The greeting of SMTP and FTP servers.
const GREETING: &[u8] = b"220";
/// The most bytes of a greeting that are waited for.
const LINE: usize = 512;

/// Whether the first bytes of a stream are, as far as they go, a record's header. `Ok(false)` is that they are not, and that
/// more of them will tell what they are.
///
/// # Errors
/// What they are.
pub(super) fn is_tls(first: &[u8]) -> Result<bool, NotTls> {
    match first {
        [] | [20..=23] | [20..=23, 3, ..] => return Ok(true),
        [20..=23, ..] => return Err(NotTls::Unknown),
        _ => {}
    }
    if let Some((_, what)) = WORDS.iter().find(|(word, _)| first.starts_with(word)) {
        return Err(*what);
    }
    if first.starts_with(GREETING) {
        return greeting(first);
    }
    let may_become = |word: &[u8]| word.starts_with(first);
    if may_become(GREETING) || WORDS.iter().any(|(word, _)| may_become(word)) {
        return Ok(false);
    }
    Err(NotTls::Unknown)
}

/// Both protocols greet with the same number; most servers name theirs in the same line.
fn greeting(bytes: &[u8]) -> Result<bool, NotTls> {
    let (line, whole) = match bytes.iter().position(|b| *b == b'\n') {
        Some(end) => (bytes.get(..end).unwrap_or(bytes), true),
        None => (bytes, bytes.len() >= LINE),
    };
    let names = |name: &[u8]| line.windows(name.len()).any(|w| w.eq_ignore_ascii_case(name));
    match () {
        () if !whole => Ok(false),
        () if names(b"smtp") => Err(NotTls::Smtp),
        () if names(b"ftp") => Err(NotTls::Ftp),
        () => Err(NotTls::Unknown),
    }
}
