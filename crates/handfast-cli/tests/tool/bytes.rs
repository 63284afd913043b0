//! `--bytes`: what went over the wire, against its fields.

use super::codes::peer;
use super::run::{Dir, Done, Server, run, run_with};
use base64::Engine as _;
use serde_json::Value;
use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, channel};
use std::thread;

const REQUEST: &str = "GET /favicon.ico HTTP/1.0\r\n\r\n";

/// The bytes of a line, if it has some, and the rest of it.
fn split(line: &str) -> (Vec<u8>, &str) {
    let is_place = line.get(2..8).is_some_and(|p| {
        let place = p.trim_end();
        p.ends_with("  ") && (place == "rec" || place.len() == 4 && place.bytes().all(|b| b.is_ascii_hexdigit()))
    });
    if !line.starts_with("  ") || !is_place {
        return (Vec::new(), line.trim());
    }
    let (mut bytes, mut rest) = (Vec::new(), &line[8..]);
    while let Some(byte) = rest.get(..2).and_then(|p| u8::from_str_radix(p, 16).ok()) {
        bytes.push(byte);
        rest = rest.get(2..).unwrap_or_default();
        match rest.strip_prefix(' ') {
            Some(more) if !more.starts_with(' ') => rest = more,
            _ => break,
        }
    }
    (bytes, rest.trim())
}

/// What a view shows: of each message or alert its heading, and all its bytes; and the records of each direction.
#[derive(Default)]
struct Shown {
    messages: Vec<(String, Vec<u8>)>,
    sent: usize,
    received: usize,
}

fn shown(text: &str) -> Shown {
    let mut shown = Shown::default();
    for line in text.lines() {
        let (bytes, words) = split(line);
        let direction = words.strip_prefix(|c| c == '→' || c == '←').map(str::trim_start);
        if direction.is_some_and(|w| w.starts_with("record")) {
            let whole = 5 + usize::from(u16::from_be_bytes([bytes[3], bytes[4]]));
            *(if words.starts_with('→') { &mut shown.sent } else { &mut shown.received }) += whole;
        } else if line.starts_with(['→', '←']) || line.contains("client → server") || line.contains("client ← server")
        {
            shown.messages.push((line.trim().to_owned(), Vec::new()));
        } else if let Some((_, message)) = shown.messages.last_mut() {
            message.extend(bytes);
        }
    }
    shown
}

/// Checks that each message is shown whole: as long as it says itself.
#[track_caller]
fn whole(shown: &Shown, version: &str) {
    assert!(shown.messages.len() > 6, "{version}");
    for (heading, bytes) in &shown.messages {
        let short = ["ChangeCipherSpec", "alert", "close_notify", "data"].iter().any(|n| heading.contains(n));
        let said = heading.split(' ').zip(heading.split(' ').skip(1)).find(|(_, unit)| unit.starts_with("byte"));
        assert_eq!(said.map(|(n, _)| n.to_owned()), Some(bytes.len().to_string()), "{version} {heading}");
        if !short {
            let length = u32::from_be_bytes([0, bytes[1], bytes[2], bytes[3]]) as usize;
            assert_eq!(bytes.len(), 4 + length, "{version} {heading}");
        }
    }
}

#[track_caller]
fn fits(text: &str, width: usize) {
    for line in text.lines() {
        assert!(line.chars().count() <= width, "{width}: {line}");
    }
}

/// Hands a connection on to this port, and says at its end how many bytes went to it and came from it.
fn counting(port: u16) -> (u16, Receiver<(u64, u64)>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let own = listener.local_addr().expect("address").port();
    let (say, heard) = channel();
    thread::spawn(move || {
        let (client, _) = listener.accept().expect("a client");
        let server = TcpStream::connect(("127.0.0.1", port)).expect("the server");
        let copy = |mut from: TcpStream, mut to: TcpStream| {
            thread::spawn(move || {
                let n = std::io::copy(&mut from, &mut to).unwrap_or_default();
                let _ = to.shutdown(Shutdown::Write);
                n
            })
        };
        let up = copy(client.try_clone().expect("a socket"), server.try_clone().expect("a socket"));
        let down = copy(server, client);
        let _ = say.send((up.join().expect("a copy"), down.join().expect("a copy")));
    });
    (own, heard)
}

#[test]
fn connect_shows_all_that_went_over_the_wire() {
    for (version, policy) in [("ssl3", "museum"), ("tls1.2", "default"), ("tls1.3", "default")] {
        let dir = Dir::new();
        let server = Server::start(&dir, &["--policy", policy]);
        let (port, counted) = counting(server.port);
        let at = format!("localhost:{port}");
        let within = ["--policy", policy, "--min-version", version, "--max-version", version];
        let done = run(&dir, &[&["connect", &at, "--bytes"][..], &within].concat(), REQUEST);
        done.ends(
            0,
            &["→ ClientHello, ", "← Finished, ", "  verified: ", "closed", "from here on what we send is encrypted"],
        );
        assert!(done.text().starts_with("HTTP/1.0 "), "stdout is for data: {}", done.text());
        let shown = shown(&done.stderr);
        whole(&shown, version);
        let (sent, received) = counted.recv().expect("a count");
        assert_eq!((shown.sent as u64, shown.received as u64), (sent, received), "{version}\n{}", done.stderr);
        // All is described, and what came encrypted is said to have.
        assert!(!done.stderr.contains("not read") && !done.stderr.contains("malformed"), "{}", done.stderr);
        let clear = if version == "tls1.3" { "ServerHello, " } else { "Certificate, " };
        let heading = |name: &str| {
            let found = shown.messages.iter().find(|(h, _)| h.starts_with(name)).map(|(h, _)| h.clone());
            found.unwrap_or_else(|| panic!("{version}: no {name}"))
        };
        assert!(!heading(&format!("← {clear}")).ends_with("decrypted"));
        assert!(heading("← Finished").ends_with("bytes, decrypted"));
        assert!(heading("→ Finished").ends_with("bytes, before it is encrypted"));
        fits(&done.stderr, 110);
    }
}

/// The bytes of what is encrypted, as it travelled: their beginning, or all of them.
#[test]
fn the_ciphertext_is_shown_in_brief_or_whole() {
    let dir = Dir::new();
    for (more, whole) in [(&[][..], false), (&["--ciphertext"], true)] {
        let text = demo(&dir, "110", &[&["--version", "tls1.3"], more].concat()).text();
        let (mut said, mut seen, mut more) = (0, 0, 0);
        for line in text.lines() {
            let hex = |line: &str| line[8..].split(' ').take(16).take_while(|p| p.len() == 2).count();
            if line.starts_with("  rec   17 03 03 ") {
                said += usize::from_str_radix(&line[17..22].replace(' ', ""), 16).expect("a length");
            } else if line.starts_with("  enc   ") {
                seen += hex(line);
                let words = line.split("ciphertext").nth(1).unwrap_or_default();
                let n = words.split(' ').find_map(|w| w.parse::<usize>().ok());
                more += n.unwrap_or(0);
            }
        }
        assert!(said > 1000 && seen + more == said, "{said} bytes, {seen} shown, and {more} more");
        assert_eq!(more == 0, whole);
    }
    run(&dir, &["demo", "--ciphertext"], "").ends(2, &["--bytes"]);
}

#[test]
fn connect_fits_narrow_terminals() {
    let dir = Dir::new();
    let server = Server::start(&dir, &[]);
    for columns in [60, 80] {
        let variables = [("COLUMNS", columns.to_string())];
        let done = run_with(
            &dir,
            &variables.each_ref().map(|(k, v)| (*k, v.as_str())),
            &["connect", &server.at("localhost"), "--bytes"],
        );
        done.ends(0, &["→ ClientHello, ", "msg_type  ClientHello", "closed"]);
        fits(&done.stderr, columns);
        whole(&shown(&done.stderr), "TLS 1.3");
    }
}

fn demo(dir: &Dir, columns: &str, more: &[&str]) -> Done {
    let done = run_with(dir, &[("COLUMNS", columns)], &[&["demo", "--bytes"][..], more].concat());
    done.ends(0, &[]);
    done
}

#[test]
fn the_demo_shows_all_versions_at_all_widths() {
    let dir = Dir::new();
    for version in ["ssl3", "tls1.2", "tls1.3"] {
        for columns in [60, 80, 110] {
            let text = demo(&dir, &columns.to_string(), &["--version", version]).text();
            fits(&text, columns);
            assert!(!text.contains("not read") && !text.contains("malformed"), "{version}:\n{text}");
            let shown = shown(&text);
            if columns >= 80 {
                whole(&shown, version);
            }
            let bytes: Vec<u8> = shown.messages.iter().flat_map(|(_, b)| b.clone()).collect();
            assert!(bytes.windows(16).any(|w| w == &b"Hello, server. Can anyone else"[..16]), "{version}");
            assert!(shown.sent > 200 && shown.received > 200);
        }
    }
    let text = demo(&dir, "80", &["--version", "tls1.3"]).text();
    for part in
        ["msg_type  ClientHello", "change_cipher_spec (1)", "level  warning (1)", "description  close_notify (0)"]
    {
        assert!(text.contains(part), "{part} in:\n{text}");
    }
    for who in ["client", "server"] {
        assert!(text.contains(&format!("from here on what the {who} sends is encrypted")), "{text}");
    }
}

#[test]
fn colour_only_where_it_is_wanted() {
    let dir = Dir::new();
    assert!(!demo(&dir, "80", &[]).text().contains('\x1b'));
    let with = |variables: &[(&str, &str)]| run_with(&dir, variables, &["demo", "--bytes"]).text();
    // A pipe has none of its own accord, nor has what NO_COLOR asks for.
    assert!(!with(&[("NO_COLOR", ""), ("TERM", "xterm")]).contains('\x1b'));
    assert!(!with(&[("NO_COLOR", "1"), ("CLICOLOR_FORCE", "1")]).contains('\x1b'));
    assert!(with(&[("NO_COLOR", ""), ("CLICOLOR_FORCE", "1"), ("TERM", "xterm")]).contains("\x1b[1mmsg_type"));
}

#[test]
fn of_a_malformed_message_what_there_is() {
    let port = peer(|mut socket| {
        let _ = socket.read(&mut [0; 4096]);
        // A ServerHello whose session ID is longer than it may be.
        let mut hello = vec![22, 3, 3, 0, 42, 2, 0, 0, 38, 3, 3];
        hello.extend([0x55; 32]);
        hello.extend([33, 0x1b, 0x2f, 0]);
        let _ = socket.write_all(&hello);
        let _ = socket.read(&mut [0; 4096]);
    });
    let dir = Dir::new();
    let done = run(&dir, &["connect", &format!("127.0.0.1:{port}"), "--bytes"], "");
    done.ends(5, &["← ServerHello, 42 bytes", "not read", "malformed: ", "→ alert"]);
    let shown = shown(&done.stderr);
    let (_, bytes) = shown.messages.iter().find(|(h, _)| h.contains("ServerHello")).expect("it is shown");
    assert_eq!((bytes.len(), bytes[38..].to_vec()), (42, vec![33, 0x1b, 0x2f, 0]), "{}", done.stderr);
    let done = run(&dir, &["connect", &format!("127.0.0.1:{port}"), "--json"], "");
    let hello = done.events().into_iter().find(|e| e["message"] == "ServerHello").expect("an event");
    assert!(hello["fault"].as_str().is_some_and(|f| f.contains("session_id")), "{hello}");
    tiles(&hello);
}

/// Every byte stands in one field that has no parts.
#[track_caller]
fn tiles(message: &Value) {
    fn leaves(fields: &Value, out: &mut Vec<(u64, u64)>) {
        for field in fields.as_array().expect("fields") {
            let keys: Vec<&str> = field.as_object().expect("a field").keys().map(String::as_str).collect();
            let told = |key: &str| field[key].as_str().is_some_and(|text| !text.is_empty());
            assert!(field["name"].is_null() || told("note") && told("rfc"), "{field}");
            assert_eq!(keys, ["end", "name", "note", "parts", "rfc", "start", "value"], "as docs/json.md has them");
            match field["parts"].as_array().is_some_and(Vec::is_empty) {
                true => out.push((field["start"].as_u64().expect("start"), field["end"].as_u64().expect("end"))),
                false => leaves(&field["parts"], out),
            }
        }
    }
    let mut all = Vec::new();
    leaves(&message["fields"], &mut all);
    let mut at = 0;
    for (start, end) in all {
        assert_eq!(start, at, "{message}");
        at = end;
    }
    assert_eq!(Some(at), message["length"].as_u64(), "{message}");
    let bytes = base64::prelude::BASE64_STANDARD.decode(message["base64"].as_str().expect("text")).expect("base64");
    assert_eq!(bytes.len() as u64, at);
}

#[test]
fn events_have_the_fields_too() {
    let dir = Dir::new();
    let server = Server::start(&dir, &[]);
    for version in ["tls1.2", "tls1.3"] {
        let args = ["connect", &server.at("localhost"), "--json", "--max-version", version];
        let done = run(&dir, &args, REQUEST);
        done.ends(0, &[]);
        let messages: Vec<_> = done.events().into_iter().filter(|e| e["event"] == "message").collect();
        assert!(messages.len() > 6);
        for message in &messages {
            tiles(message);
            assert_eq!(message["fault"], Value::Null, "{message}");
        }
        let (kind, hello) = (&messages[0]["fields"][0], &messages[0]["fields"][1]);
        assert_eq!((&kind["name"], &kind["value"]), (&"msg_type".into(), &"ClientHello".into()));
        let random = hello["parts"].as_array().and_then(|p| p.iter().find(|f| f["name"] == "random")).expect("random");
        assert_eq!((&random["start"], &random["end"]), (&6.into(), &38.into()));
        assert_eq!(random["rfc"], "RFC 9846 4.2.2, RFC 5246 7.4.1.2");
        let alerts: Vec<_> = done.events().into_iter().filter(|e| e["event"] == "alert").collect();
        assert!(!alerts.is_empty() && alerts.iter().all(|a| a["protected"] == true), "{alerts:?}");
    }
}

#[test]
fn it_goes_with_what_it_can_go_with() {
    let dir = Dir::new();
    run(&dir, &["connect", "localhost:1", "--bytes", "--json"], "").ends(2, &["--bytes", "--json"]);
    run(&dir, &["demo", "--bytes", "--compare", "tls1.3"], "").ends(2, &["--bytes", "--compare"]);
}
