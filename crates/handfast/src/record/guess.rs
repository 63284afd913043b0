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
    // An answer of HTTP 0.9 to what was no request: all the answer is a page.
    (b"<!DOCTYPE", NotTls::Http),
    (b"<!doctype", NotTls::Http),
    (b"<html", NotTls::Http),
    (b"<HTML", NotTls::Http),
    (b"SSH-", NotTls::Ssh),
    (b"+OK ", NotTls::Pop3),
    (b"* OK ", NotTls::Imap),
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

#[cfg(test)]
mod tests {
    use super::*;

    /// What is told of a stream, and after how many bytes.
    fn told(stream: &[u8]) -> Option<(usize, NotTls)> {
        (0..=stream.len()).find_map(|n| is_tls(&stream[..n]).err().map(|what| (n, what)))
    }

    #[test]
    fn others_are_told_by_their_first_word() {
        for (text, n, what) in [
            ("HTTP/1.1 400 Bad Request\r\n", 5, NotTls::Http),
            ("GET / HTTP/1.1\r\n", 4, NotTls::Http),
            ("POST / HTTP/1.1\r\n", 5, NotTls::Http),
            ("HEAD / HTTP/1.1\r\n", 5, NotTls::Http),
            ("PUT / HTTP/1.1\r\n", 4, NotTls::Http),
            ("OPTIONS * HTTP/1.1\r\n", 8, NotTls::Http),
            ("CONNECT www.example.com:443 HTTP/1.1\r\n", 8, NotTls::Http),
            ("PRI * HTTP/2.0\r\n", 6, NotTls::Http),
            ("SSH-2.0-OpenSSH_9.2\r\n", 4, NotTls::Ssh),
            ("220 mail.example.com ESMTP Postfix\r\n", 36, NotTls::Smtp),
            ("220 (vsFTPd 3.0.5)\r\n", 20, NotTls::Ftp),
            ("220 welcome\r\n", 13, NotTls::Unknown),
            ("221 bye", 3, NotTls::Unknown),
            ("GARBAGE", 2, NotTls::Unknown),
            ("<!DOCTYPE HTML>\n<html>", 9, NotTls::Http),
            ("<html><head>", 5, NotTls::Http),
            ("+OK POP3 ready\r\n", 4, NotTls::Pop3),
            ("* OK [CAPABILITY IMAP4rev1] ready\r\n", 5, NotTls::Imap),
            ("+ERR\r\n", 2, NotTls::Unknown),
            ("<xml>\r\n", 2, NotTls::Unknown),
            ("\u{16}GET", 2, NotTls::Unknown),
        ] {
            assert_eq!(told(text.as_bytes()), Some((n, what)), "{text}");
        }
        assert_eq!(told(&[b"220 ".to_vec(), vec![b'x'; 1000]].concat()), Some((LINE, NotTls::Unknown)));
        // A ClientHello as SSL 2.0 framed it.
        assert_eq!(told(&[0x80, 0x2e, 1, 0, 2]), Some((1, NotTls::Unknown)));
    }

    #[test]
    fn a_record_is_one_as_far_as_it_goes() {
        for kind in 20..=23 {
            for n in 0..=6 {
                assert_eq!(is_tls(&[kind, 3, 1, 0, 5, 1][..n]), Ok(true));
            }
        }
        for kind in (0..20).chain(24..=255) {
            assert_ne!(is_tls(&[kind]), Ok(true), "{kind}");
        }
    }
}
