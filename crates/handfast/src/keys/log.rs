//! The key log (draft-ietf-tls-keylogfile, known as SSLKEYLOGFILE).

use std::ffi::OsString;
use std::fmt;
use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::Path;
use zeroize::Zeroizing;

/// Takes secrets, for a debugger. Whoever has them can read the connection.
pub trait KeyLog: Send + Sync + fmt::Debug {
    /// One secret under the label of the file format, for the connection with this client random.
    fn log(&self, label: &'static str, client_random: &[u8; 32], secret: &[u8]);
}

/// The labels of the secrets that are logged.
pub(crate) mod label {
    /// The master secret, up to TLS 1.2.
    pub(crate) const MASTER: &str = "CLIENT_RANDOM";
    pub(crate) const CLIENT_EARLY: &str = "CLIENT_EARLY_TRAFFIC_SECRET";
    pub(crate) const EARLY_EXPORTER: &str = "EARLY_EXPORTER_SECRET";
    pub(crate) const CLIENT_HANDSHAKE: &str = "CLIENT_HANDSHAKE_TRAFFIC_SECRET";
    pub(crate) const SERVER_HANDSHAKE: &str = "SERVER_HANDSHAKE_TRAFFIC_SECRET";
    pub(crate) const CLIENT_TRAFFIC: &str = "CLIENT_TRAFFIC_SECRET_0";
    pub(crate) const SERVER_TRAFFIC: &str = "SERVER_TRAFFIC_SECRET_0";
    pub(crate) const EXPORTER: &str = "EXPORTER_SECRET";
}

/// Appends to a file in the format that Wireshark reads.
#[derive(Debug)]
pub struct KeyLogFile(File);

impl KeyLogFile {
    /// Opens, or makes, a file. One that is made can be read by its owner only.
    ///
    /// # Errors
    /// If it cannot be opened for appending, or made.
    pub fn open(path: &Path) -> io::Result<Self> {
        let mut options = OpenOptions::new();
        options.append(true).create(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        options.open(path).map(Self)
    }

    /// The file that the environment variable SSLKEYLOGFILE names, if it is set and not empty.
    ///
    /// # Errors
    /// As for [`KeyLogFile::open`].
    pub fn from_env() -> io::Result<Option<Self>> {
        let path: Option<OsString> = std::env::var_os("SSLKEYLOGFILE").filter(|path| !path.is_empty());
        path.map(|path| Self::open(Path::new(&path))).transpose()
    }
}

impl KeyLog for KeyLogFile {
    /// One line in one write to the end of the file, so that lines of many connections and processes do not mix. A line that
    /// cannot be written is lost: the connection matters more.
    fn log(&self, label: &'static str, client_random: &[u8; 32], secret: &[u8]) {
        // Made in one piece beforehand, so that growing leaves no copies of the secret behind.
        let mut line =
            Zeroizing::new(String::with_capacity(label.len() + 2 * (client_random.len() + secret.len()) + 3));
        line.push_str(label);
        for part in [&client_random[..], secret] {
            line.push(' ');
            line.extend(part.iter().flat_map(|b| [b >> 4, b & 15]).filter_map(|n| char::from_digit(n.into(), 16)));
        }
        line.push('\n');
        let _ = (&self.0).write_all(line.as_bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_many_writers_stand_whole_in_a_file_that_only_the_owner_reads() {
        let folder = std::env::temp_dir().join(format!("handfast-key-log-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let path = folder.join("keys.log");
        let _ = std::fs::remove_file(&path);
        std::thread::scope(|scope| {
            for n in 0..4 {
                let path = &path;
                scope.spawn(move || {
                    let log = KeyLogFile::open(path).unwrap();
                    for _ in 0..50 {
                        log.log(label::CLIENT_TRAFFIC, &[n; 32], &[0xa0 | n; 48]);
                    }
                });
            }
        });
        let text = std::fs::read_to_string(&path).unwrap();
        assert_eq!(text.lines().count(), 200);
        for n in 0..4u8 {
            let (random, secret) = (format!("{n:02x}").repeat(32), format!("a{n}").repeat(48));
            let line = format!("CLIENT_TRAFFIC_SECRET_0 {random} {secret}");
            assert_eq!(text.lines().filter(|l| *l == line).count(), 50);
        }
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        }
        std::fs::remove_dir_all(&folder).unwrap();
        assert!(KeyLogFile::open(&path).is_err());
    }
}
