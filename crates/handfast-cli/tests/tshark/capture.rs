//! A capture of hellos, and what tshark reads in it.

use std::path::Path;
use std::process::{Command, Stdio};

/// The headers of IP and TCP, which stand before a record.
const BEFORE: usize = 40;

/// A field as tshark has it.
#[derive(Debug)]
pub(crate) struct Read {
    /// What it is filtered by; empty where it only holds others.
    pub(crate) name: String,
    /// As it is shown, with what it means.
    pub(crate) shown: String,
    /// The value alone.
    pub(crate) value: String,
    /// Counted from the first byte of the message's header.
    pub(crate) start: i64,
    pub(crate) size: i64,
}

/// A segment of TCP, from or to port 443, each in a connection of its own.
fn segment(n: usize, from_server: bool, payload: &[u8]) -> Vec<u8> {
    let client = 10_000 + u16::try_from(n).expect("few");
    let (from, to) = if from_server { (443, client) } else { (client, 443) };
    let length = u16::try_from(BEFORE + payload.len()).expect("it is short");
    let mut out = vec![0x45, 0];
    out.extend(length.to_be_bytes());
    out.extend([0, 0, 0, 0, 64, 6, 0, 0, 127, 0, 0, 1, 127, 0, 0, 1]);
    out.extend(u16::to_be_bytes(from));
    out.extend(u16::to_be_bytes(to));
    out.extend([0, 0, 0, 1, 0, 0, 0, 1, 0x50, 0x18, 0xff, 0xff, 0, 0, 0, 0]);
    out.extend(payload);
    out
}

/// Payloads as a capture of raw IP.
fn capture(payloads: &[(bool, Vec<u8>)]) -> Vec<u8> {
    let mut out = Vec::new();
    // Magic, version 2.4, no time zone, no accuracy, the most of a packet, and the type of link.
    out.extend([0xa1b2_c3d4_u32, 0x0002_0004, 0, 0, 0xffff, 101].map(u32::to_be_bytes).concat());
    for (n, (from_server, payload)) in payloads.iter().enumerate() {
        let packet = segment(n, *from_server, payload);
        let length = u32::try_from(packet.len()).expect("it is short");
        out.extend([u32::try_from(n).expect("few"), 0, length, length].map(u32::to_be_bytes).concat());
        out.extend(packet);
    }
    out
}

/// The version of tshark, if it is here.
pub(crate) fn version() -> Option<String> {
    let out = Command::new("tshark").arg("--version").stderr(Stdio::null()).output().ok()?;
    String::from_utf8_lossy(&out.stdout).lines().next().map(str::to_owned)
}

/// What tshark reads in each of these, which are records: whether a server sent it, how many bytes stand before the message, and the bytes.
pub(crate) fn read(dir: &Path, records: &[(bool, usize, Vec<u8>)]) -> Vec<Vec<Read>> {
    let file = dir.join("hellos.pcap");
    let payloads: Vec<_> = records.iter().map(|(server, _, bytes)| (*server, bytes.clone())).collect();
    std::fs::write(&file, capture(&payloads)).expect("the capture is written");
    let mut command = Command::new("tshark");
    command.arg("-r").arg(&file).args(["-d", "tcp.port==443,tls", "-T", "pdml"]).env("HOME", dir);
    let out = command.stderr(Stdio::null()).output().expect("tshark runs");
    assert!(out.status.success(), "tshark: {}", out.status);
    let packets = packets(&String::from_utf8_lossy(&out.stdout));
    assert_eq!(packets.len(), records.len(), "tshark has other packets");
    let within = |(mut fields, (_, header, _)): (Vec<Read>, &(bool, usize, Vec<u8>))| {
        let before = i64::try_from(BEFORE + header).expect("it is small");
        fields.iter_mut().for_each(|field| field.start -= before);
        fields
    };
    packets.into_iter().zip(records).map(within).collect()
}

/// The fields of TLS in each packet of a PDML, a line of which has one element.
fn packets(pdml: &str) -> Vec<Vec<Read>> {
    let mut out = Vec::new();
    let mut inside = false;
    for line in pdml.lines().map(str::trim) {
        match line {
            "<packet>" => out.push(Vec::new()),
            "</proto>" => inside = false,
            _ if line.starts_with("<proto ") => {
                inside = attribute(line, "name").is_some_and(|n| n == "tls" || n == "ssl")
            }
            _ if line.starts_with("<field ") => {
                let text = |name| attribute(line, name).unwrap_or_default();
                let number = |name| text(name).parse().unwrap_or_default();
                if let Some(fields) = out.last_mut().filter(|_| inside) {
                    let (name, value) = (text("name"), text("show"));
                    let shown = attribute(line, "showname").unwrap_or_else(|| value.clone());
                    fields.push(Read { name, shown, value, start: number("pos"), size: number("size") });
                }
            }
            _ => {}
        }
    }
    out
}

fn attribute(line: &str, name: &str) -> Option<String> {
    let (_, rest) = line.split_once(&format!(" {name}=\""))?;
    let (value, _) = rest.split_once('"')?;
    let plain = [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&#x27;", "'"), ("&amp;", "&")];
    Some(plain.iter().fold(value.to_owned(), |text, (from, to)| text.replace(from, to)))
}
