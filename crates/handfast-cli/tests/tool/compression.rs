//! `--cert-compression`.

use super::material::{Authority, Leaf};
use super::run::{Dir, Server, run};

#[test]
fn certificates_go_compressed_both_ways() {
    let dir = Dir::new();
    let authority = Authority::new("clients' CA");
    let ca = dir.write("clients.pem", authority.pem());
    let (cert, key) = authority.leaf(&dir, "client", &Leaf { client: true, ..Leaf::default() });
    let server = Server::start(&dir, &["--client-ca", &ca, "--cert-compression", "brotli,zlib"]);
    let at = server.at("localhost");
    for (list, agreed) in [("brotli", "brotli"), ("zlib", "zlib"), ("zlib,brotli", "brotli")] {
        let own = ["--cert", &cert, "--key", &key, "--cert-compression", list];
        let done = run(&dir, &[&["connect", &at][..], &own].concat(), "");
        done.ends(
            0,
            &["← CompressedCertificate", "→ CompressedCertificate", &format!("by {agreed}"), "certificates by"],
        );
        let done = run(&dir, &[&["connect", &at, "--json"][..], &own].concat(), "");
        assert_eq!(done.event("connected")["certificate_compression"], agreed);
    }
    // Not asked for, and before TLS 1.3: as ever.
    for more in [&[][..], &["--cert-compression", "brotli", "--max-version", "tls1.2"]] {
        let done = run(&dir, &[&["connect", &at, "--json", "--cert", &cert, "--key", &key][..], more].concat(), "");
        done.ends(0, &[]);
        assert!(done.event("connected")["certificate_compression"].is_null());
    }
    run(&dir, &["connect", &at, "--cert-compression", "zstd"], "").ends(2, &["zstd", "brotli, zlib"]);
}
