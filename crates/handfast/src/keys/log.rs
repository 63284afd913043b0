//! The key log (SSLKEYLOGFILE).

use std::fmt;

/// Takes secrets, for a debugger. Whoever has them can read the connection.
pub trait KeyLog: Send + Sync + fmt::Debug {
    /// One secret under the label of the file format, for the connection with this client random.
    fn log(&self, label: &'static str, client_random: &[u8; 32], secret: &[u8]);
}

/// Appends to a file in the format that Wireshark reads.
#[derive(Debug)]
pub struct KeyLogFile {}

impl KeyLogFile {
    /// Opens, or makes, a file that only its owner can read.
    pub fn open(_: &std::path::Path) -> std::io::Result<Self> {
        todo!()
    }
}
impl KeyLog for KeyLogFile {
    fn log(&self, _: &'static str, _: &[u8; 32], _: &[u8]) {
        todo!()
    }
}
