//! What our tool reads: it is sent each hello as it was once sent, and says its fields as JSON.

use super::Hello;
use base64::prelude::{BASE64_STANDARD, Engine};
use serde_json::Value;
use std::io::{BufRead, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};

/// A field as our tool has it.
#[derive(Clone, Debug)]
pub(crate) struct Field {
    /// Its name behind those of the fields that it is in: `ClientHello/extensions/key_share`. An element has `[]` for a name.
    pub(crate) path: String,
    pub(crate) value: String,
    pub(crate) start: i64,
    pub(crate) end: i64,
}

impl Field {
    /// Its name behind that of the field that it is in; what an element has inside is in the list.
    pub(crate) fn key(&self) -> String {
        let mut names = self.path.rsplit('/');
        let own = names.next().unwrap_or_default();
        match names.find(|name| *name != "[]") {
            Some(within) => format!("{within}/{own}"),
            None => own.to_owned(),
        }
    }
}

/// The record that brings a hello: how long its header is, and the whole of it.
pub(crate) fn record(raw: &[u8]) -> (usize, Vec<u8>) {
    let length = u16::try_from(raw.len()).expect("it is short");
    // In the form of SSL 2.0 the version stands where others have a length.
    let header = match raw {
        [1, 3, ..] => (0x8000 | length).to_be_bytes().to_vec(),
        _ => [&[22, 3, 1][..], &length.to_be_bytes()].concat(),
    };
    (header.len(), [&header[..], raw].concat())
}

/// The tool while it runs.
struct Tool(Child);

impl Tool {
    fn start(dir: &Path, args: &[&str]) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_handfast"));
        command.args(args).env("HANDFAST_HOME", dir.join("home"));
        Self(
            command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("the tool starts"),
        )
    }

    fn events(&mut self) -> impl Iterator<Item = Value> + use<> {
        let stdout = self.0.stdout.take().expect("stdout");
        BufReader::new(stdout).lines().map_while(Result::ok).filter_map(|line| serde_json::from_str(&line).ok())
    }
}

impl Drop for Tool {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn is_received(event: &Value) -> bool {
    event["event"] == "message" && event["direction"] == "received"
}

/// The fields of each hello.
pub(crate) fn read(dir: &Path, hellos: &[Hello]) -> Vec<Vec<Field>> {
    let mut server = Tool::start(dir, &["serve", "--listen", "127.0.0.1:0", "--json", "--policy", "museum"]);
    let mut events = server.events();
    let port = events.find_map(|event| {
        event["event"].as_str().filter(|kind| *kind == "listening")?;
        let text = event.to_string();
        text.split_once("https://127.0.0.1:")?.1.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
    });
    let port: u16 = port.expect("a port");
    let mut read = |hello: &Hello| {
        let message = match hello.raw.first() {
            Some(2) => by_client(dir, &hello.raw),
            _ => {
                let mut socket = TcpStream::connect(("127.0.0.1", port)).expect("our server");
                socket.write_all(&record(&hello.raw).1).expect("the hello is sent");
                events.find(is_received).expect("an event")
            }
        };
        let raw = BASE64_STANDARD.decode(message["base64"].as_str().expect("text")).expect("base64");
        assert_eq!((&raw, &message["fault"]), (&hello.raw, &Value::Null), "{}", hello.file);
        let mut out = Vec::new();
        flatten(&message["fields"], "", &mut out);
        out
    };
    hellos.iter().map(&mut read).collect()
}

/// What our client makes of a ServerHello that comes for its ClientHello.
fn by_client(dir: &Path, raw: &[u8]) -> Value {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let at = format!("127.0.0.1:{}", listener.local_addr().expect("an address").port());
    let mut client = Tool::start(dir, &["connect", &at, "--json", "--insecure", "--policy", "museum"]);
    let (mut socket, _) = listener.accept().expect("our client");
    let _ = socket.read(&mut [0; 4096]).expect("its hello");
    socket.write_all(&record(raw).1).expect("the hello is sent");
    client.events().find(is_received).expect("an event")
}

fn flatten(fields: &Value, within: &str, out: &mut Vec<Field>) {
    for field in fields.as_array().expect("fields") {
        let name = field["name"].as_str().unwrap_or("[]");
        let path = if within.is_empty() { name.to_owned() } else { format!("{within}/{name}") };
        let place = |key: &str| field[key].as_i64().expect("a place");
        out.push(Field {
            path: path.clone(),
            value: field["value"].as_str().unwrap_or_default().to_owned(),
            start: place("start"),
            end: place("end"),
        });
        flatten(&field["parts"], &path, out);
    }
}
