//! `handfast cert`: a certificate that the development CA signs.

use crate::args;
use crate::exit::Failure;
use crate::home::{self, Home, Use};
use rcgen::KeyPair;
use std::io::Write;

pub(crate) fn run(args: &args::Cert) -> Result<(), Failure> {
    let key = KeyPair::generate().map_err(|e| Failure::io(format!("cannot make a key: {e}.")))?;
    let usage = if args.client { Use::Client } else { Use::Server };
    let ca = Home::find()?.ca()?;
    let certificate = ca.issue(&args.names, usage, args.days, &key)?;

    let name = file_name(args.names.first().map_or("", String::as_str));
    let (cert_path, key_path) = (args.out.join(format!("{name}.pem")), args.out.join(format!("{name}-key.pem")));
    home::make_folder(&args.out).map_err(|e| Failure::file("make", &args.out, e))?;
    home::replace_private(&key_path, key.serialize_pem().as_bytes())
        .map_err(|e| Failure::file("write", &key_path, e))?;
    home::replace(&cert_path, certificate.as_bytes(), 0o644).map_err(|e| Failure::file("write", &cert_path, e))?;

    let told =
        format!("certificate {}\nkey {}\nsigned by {}\n", cert_path.display(), key_path.display(), ca.path.display());
    std::io::stdout()
        .write_all(told.as_bytes())
        .or_else(crate::quietly)
        .map_err(|e| Failure::io(format!("cannot write to stdout: {e}.")))
}

/// A name that can be a file's: no separators, no dot in front, and `*` in a word.
fn file_name(name: &str) -> String {
    let safe = |c: char| if c.is_alphanumeric() || matches!(c, '.' | '-' | '_' | '@') { c } else { '_' };
    let name: String = name.replace('*', "wildcard").chars().map(safe).collect();
    if name.starts_with('.') { format!("_{name}") } else { name }
}

#[cfg(test)]
mod tests {
    use super::file_name;

    #[test]
    fn files_are_called_after_the_first_name() {
        assert_eq!(file_name("*.example.com"), "wildcard.example.com");
        assert_eq!(file_name("::1"), "__1");
        assert_eq!(file_name("../a b/c"), "_.._a_b_c");
        assert_eq!(file_name("Ada Lovelace"), "Ada_Lovelace");
    }
}
