//! What a connection gives to other protocols, as the command line asks for it.

use clap::Args;
use handfast::ChannelBinding;

/// What the connection gives to other protocols.
#[derive(Debug, Args)]
#[command(next_help_heading = "Keying material")]
pub(crate) struct Exports {
    /// Tells a channel binding: tls-exporter, tls-server-end-point or tls-unique; may be given again
    #[arg(long, value_name = "TYPE", value_parser = binding)]
    pub(crate) channel_binding: Vec<ChannelBinding>,
    /// Tells so many bytes of keying material of this label, without a context (RFC 5705); may be given again
    #[arg(long, value_name = "LABEL:BYTES", value_parser = export)]
    pub(crate) export: Vec<Export>,
}

/// Keying material that is wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Export {
    pub(crate) label: String,
    pub(crate) length: usize,
}

fn binding(text: &str) -> Result<ChannelBinding, String> {
    let names = || ChannelBinding::ALL.map(ChannelBinding::name).join(", ");
    ChannelBinding::from_name(text).ok_or_else(|| format!("the types are {}", names()))
}

/// As many bytes as an exporter gives with any hash.
const MOST_EXPORTED: usize = 255 * 32;

fn export(text: &str) -> Result<Export, String> {
    let (label, length) = text.rsplit_once(':').ok_or("a label, a colon and a number of bytes are wanted")?;
    let length = length.parse().ok().filter(|n| (1..=MOST_EXPORTED).contains(n));
    match length {
        Some(length) if (1..=249).contains(&label.len()) => Ok(Export { label: label.into(), length }),
        Some(_) => Err("a label has 1 to 249 bytes".into()),
        None => Err(format!("1 to {MOST_EXPORTED} bytes can be exported")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_exported() {
        let wanted = |label: &str, length| Ok(Export { label: label.into(), length });
        assert_eq!(export("EXPORTER-a b:8160"), wanted("EXPORTER-a b", 8160));
        assert_eq!(export("a:b:1"), wanted("a:b", 1));
        for bad in ["", "a", ":1", "a:", "a:0", "a:8161", "a:-1", "a:x"] {
            assert!(export(bad).is_err(), "{bad}");
        }
        assert_eq!(binding("tls-unique"), Ok(ChannelBinding::Unique));
        assert!(binding("tls-other").is_err_and(|e| e.contains("tls-server-end-point")));
    }
}
