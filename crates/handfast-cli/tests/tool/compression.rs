//! `--cert-compression`.

use super::material::{Authority, Leaf};
use super::run::{Dir, Server, run};

#[test]
fn certificates_go_compressed_both_ways() {
    let dir = Dir::new();
    let authority = Authority::new("clients' CA");
    let ca = dir.write("clients.pem", authority.pem());
    // Of a few hundred bytes, most of them random, not every certificate gets shorter: these do.
    let names = &[
        "localhost",
        "127.0.0.1",
        "a-long-name-that-is-much-like-the-next.example.test",
        "a-long-name-that-is-much-like-the-last.example.test",
    ];
    let (cert, key) = authority.leaf(&dir, "client", &Leaf { names, client: true, ..Leaf::default() });
    let (own_cert, own_key) = authority.leaf(&dir, "server", &Leaf { names, ..Leaf::default() });
    let served = ["--cert", &own_cert, "--key", &own_key, "--client-ca", &ca, "--cert-compression", "brotli,zlib"];
    let server = Server::start(&dir, &served);
    let at = server.at("localhost");
    for (list, agreed) in [("brotli", "brotli"), ("zlib", "zlib"), ("zlib,brotli", "brotli")] {
        let own = ["--ca", &ca, "--cert", &cert, "--key", &key, "--cert-compression", list];
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
        let done = run(
            &dir,
            &[&["connect", &at, "--json", "--ca", &ca, "--cert", &cert, "--key", &key][..], more].concat(),
            "",
        );
        done.ends(0, &[]);
        assert!(done.event("connected")["certificate_compression"].is_null());
    }
    run(&dir, &["connect", &at, "--cert-compression", "zstd"], "").ends(2, &["zstd", "brotli, zlib"]);
}
