"""tlslite-ng as a peer, for as many rows as come.

Each line of the standard input is a row to serve or to connect for: a verb, then `name=value` words, tabs between. To each
there is one answer: `port N`, `ok`, `lacks WHY` or `failed WHY`. Between answers, `said TEXT` tells what a server saw.
"""

import socket
import sys
import threading

from tlslite.api import HandshakeSettings, SessionCache, TLSConnection, X509CertChain, parsePEMKey
from tlslite.constants import CipherSuite, KeyUpdateMessageType
from tlslite.handshakesettings import ALL_DH_GROUP_NAMES, CURVE_NAMES, Keypair, VirtualHost

VERSIONS = {"ssl3": (3, 0), "ssl3.0": (3, 0), "tls1.0": (3, 1), "tls1.1": (3, 2), "tls1.2": (3, 3), "tls1.3": (3, 4)}
PATIENCE = 10
GET = b"GET / HTTP/1.0\r\nHost: localhost\r\n\r\n"

# By what an IANA name has in it: the first that fits.
CIPHERS = [
    ("AES_128_GCM", "aes128gcm"), ("AES_256_GCM", "aes256gcm"), ("AES_128_CCM_8", "aes128ccm_8"),
    ("AES_256_CCM_8", "aes256ccm_8"), ("AES_128_CCM", "aes128ccm"), ("AES_256_CCM", "aes256ccm"),
    ("CHACHA20_POLY1305", "chacha20-poly1305"), ("AES_128_CBC", "aes128"), ("AES_256_CBC", "aes256"),
    ("3DES_EDE_CBC", "3des"), ("RC4_128", "rc4"), ("WITH_NULL", "null"),
]
KEY_EXCHANGES = [
    ("TLS_ECDHE_ECDSA_", "ecdhe_ecdsa"), ("TLS_ECDHE_RSA_", "ecdhe_rsa"), ("TLS_DHE_RSA_", "dhe_rsa"),
    ("TLS_DHE_DSS_", "dhe_dsa"), ("TLS_RSA_WITH_", "rsa"), ("TLS_DH_anon_", "dh_anon"), ("TLS_ECDH_anon_", "ecdh_anon"),
]


class Lacks(Exception):
    """tlslite-ng does not have it."""


def say(text):
    """One line out; others may be speaking, too."""
    with SPEAKING:
        print(text.replace("\n", " "), flush=True)


SPEAKING = threading.Lock()


def suite_settings(settings, suite, suites, version):
    """Nothing but this suite, as far as its parts can be named."""
    settings.cipherNames = [name for part, name in CIPHERS if part in suite][:1]
    if not settings.cipherNames:
        raise Lacks("no such protection of records")
    ending = suite.rsplit("_", 1)[1].lower()
    block = settings.cipherNames[0] in ("aes128", "aes256", "3des", "rc4", "null")
    settings.macNames = [ending if block else "aead"]
    if version < (3, 4):
        named = [[name for part, name in KEY_EXCHANGES if s.startswith(part)][:1] for s in suites]
        settings.keyExchangeNames = sum(named, [])
        if not settings.keyExchangeNames:
            raise Lacks("no such key exchange")
    if not suites_of(settings, version).intersection(suites):
        raise Lacks("no such suite in this version")


def suites_of(settings, version):
    """By IANA name, all that these settings leave of it."""
    lists = [
        CipherSuite.getTLS13Suites, CipherSuite.getCertSuites, CipherSuite.getDheCertSuites, CipherSuite.getEcdheCertSuites,
        CipherSuite.getEcdsaSuites, CipherSuite.getAnonSuites, CipherSuite.getEcdhAnonSuites,
    ]
    return {CipherSuite.ietfNames[number] for get in lists for number in get(settings, version)}


def group_settings(settings, group, first):
    """Nothing but this group; and, for a client that is to be sent back, another that it has a share of."""
    if not group:
        # What is slow in Python is left for rows that name it.
        settings.keyShares = ["x25519"]
        settings.eccCurves = ["x25519", "x448", "secp256r1", "secp384r1", "secp521r1"]
        return
    group = group.lower()
    if group not in CURVE_NAMES + ALL_DH_GROUP_NAMES:
        raise Lacks("no such group")
    settings.eccCurves = [name for name in (first, group) if name in CURVE_NAMES]
    settings.dhGroups = [group] if group in ALL_DH_GROUP_NAMES else []
    settings.defaultCurve = group if group in CURVE_NAMES else settings.defaultCurve
    settings.keyShares = [first or group]


def settings_of(row, serves):
    """What the row says, in the library's words."""
    settings = HandshakeSettings()
    version = VERSIONS[row["version"]]
    settings.minVersion = settings.maxVersion = version
    settings.versions = [version]
    suite_settings(settings, row["suite"], row["suites"].split(","), version)
    feature = row["feature"]
    if feature == "ByScheme" and serves:
        besides = Keypair(private(row["besides_private"]), chain(row["besides_cert"]).x509List)
        settings.virtual_hosts = [VirtualHost()]
        settings.virtual_hosts[0].keys = [besides]
    elif feature == "ByScheme":
        settings.ecdsaSigHashes = []
        settings.dsaSigHashes = []
        settings.more_sig_schemes = []
    group_settings(settings, row.get("group", ""), "x448" if "retries" in row and not serves else None)
    settings.record_size_limit = int(row["record_size"]) if feature == "RecordSizeLimit" else None
    settings.certificate_compression_send = [feature.lower()] if feature in ("Zlib", "Brotli") else []
    # It would say an empty list, which is malformed.
    settings.certificate_compression_receive = settings.certificate_compression_send or ["zlib"]
    if feature == "Resumed":
        settings.ticketKeys = [bytearray(range(32))]
    elif feature == "Tickets":
        settings.ticketKeys = [bytearray(range(32))]
        settings.ticket_count = int(row["tickets"])
    else:
        settings.ticket_count = 0
    if feature in ("Psk", "PskOnly"):
        prf = "sha384" if row["suite"].endswith("SHA384") else "sha256"
        settings.pskConfigs = [(row["psk_identity"].encode(), bytes.fromhex(row["psk_key"]), prf)]
        settings.psk_modes = ["psk_ke"] if feature == "PskOnly" else ["psk_dhe_ke"]
    if feature == "PaddedRecords":
        settings.padding_cb = lambda length, _type, most: min(1000, most - length)
    return settings


def chain(path):
    """The certificates of a PEM file."""
    out = X509CertChain()
    with open(path, encoding="ascii") as file:
        out.parsePemList(file.read())
    return out


def private(path):
    """The key of a PEM file, computed with in Python."""
    with open(path, encoding="ascii") as file:
        return parsePEMKey(file.read(), private=True, implementations=["python"])


def is_same(shown, path):
    """Whether what was shown begins with the certificate in this file: the library checks no chains."""
    return bool(shown) and shown.x509List[0].bytes == chain(path).x509List[0].bytes


def drain(steps):
    """Runs one of the library's generators to its end."""
    for _ in steps:
        pass


class Served:
    """A listener for one row."""

    def __init__(self, row):
        self.row = row
        self.settings = settings_of(row, True)
        # The key first: the library must be able to read it.
        self.key = private(row["private"])
        self.chain = chain(row["cert"])
        # With a cache, there are session IDs; tickets are preferred where there are both.
        self.cache = SessionCache() if row["feature"] == "ResumedById" else None
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def close(self):
        self.listener.close()

    def accept(self):
        while True:
            try:
                sock, _ = self.listener.accept()
            except OSError:
                return
            try:
                self.converse(sock)
            except Exception as e:  # noqa: BLE001: whatever it is, the other side tells of it, too.
                say(f"said {type(e).__name__}: {e}")
            finally:
                sock.close()

    def converse(self, sock):
        """One connection: the handshake, what the row is about, and all that comes sent back."""
        sock.settimeout(PATIENCE)
        connection = TLSConnection(sock)
        # A peer that goes without a closing alert does no harm here.
        connection.ignoreAbruptClose = True
        feature = self.row["feature"]
        anonymous = "_anon_" in self.row["suite"]
        connection.client_cert_required = feature in ("ClientCertificate", "ByIssuer", "PostHandshake")
        connection.handshakeServer(
            certChain=None if anonymous else self.chain,
            privateKey=None if anonymous else self.key,
            reqCert=feature in ("ClientCertificate", "ByIssuer"),
            reqCAs=[chain(self.row["ca"]).x509List[0].subject] if feature == "ByIssuer" else None,
            sessionCache=self.cache,
            settings=self.settings,
            anon=anonymous,
            alpn=[bytearray(b"http/1.1")] if feature == "Alpn" else None,
        )
        if feature in ("ClientCertificate", "ByIssuer"):
            self.check_client(connection)
        if feature in ("Exporter", "TlsExporter"):
            exported = connection.keyingMaterialExporter(
                bytearray(self.row["export"].encode()), int(self.row["export_length"]))
            say(f"said exported {bytes(exported).hex()}")
        data = connection.read()
        if feature == "KeyUpdate":
            drain(connection.send_keyupdate_request(KeyUpdateMessageType.update_requested))
        if feature == "PostHandshake":
            drain(connection.request_post_handshake_auth(self.settings))
            while not connection.session.clientCertChain:
                connection.read(0, 0)
            self.check_client(connection)
        while data:
            connection.write(data)
            data = connection.read()
        connection.close()

    def check_client(self, connection):
        if not is_same(connection.session.clientCertChain, self.row["client_cert"]):
            raise ValueError("another client certificate was shown, or none")


def fetch(row, settings, session):
    """Fetches the page, and returns the session for the next time."""
    with socket.create_connection(("127.0.0.1", int(row["port"])), PATIENCE) as sock:
        connection = TLSConnection(sock)
        connection.ignoreAbruptClose = True
        feature = row["feature"]
        shows = feature in ("ClientCertificate", "PostHandshake")
        if "_anon_" in row["suite"]:
            connection.handshakeClientAnonymous(session=session, settings=settings, serverName="localhost")
        else:
            connection.handshakeClientCert(
                chain(row["client_cert"]) if shows else None,
                private(row["client_key"]) if shows else None,
                session=session,
                settings=settings,
                serverName=row["name"],
                alpn=[bytearray(b"h2"), bytearray(b"http/1.1")] if feature == "Alpn" else None,
            )
        if feature in ("Exporter", "TlsExporter"):
            exported = connection.keyingMaterialExporter(
                bytearray(row["export"].encode()), int(row["export_length"]))
            say(f"said exported {bytes(exported).hex()}")
        if session and not connection.resumed:
            raise ValueError("the session was not resumed")
        named = not session and "_anon_" not in row["suite"] and feature not in ("Psk", "PskOnly")
        shown = row["besides_cert"] if feature == "ByName" else row["cert"]
        if named and not is_same(connection.session.serverCertChain, shown):
            raise ValueError("another server certificate was shown")
        if feature == "KeyUpdate":
            drain(connection.send_keyupdate_request(KeyUpdateMessageType.update_requested))
        connection.write(GET)
        page = bytearray()
        while b"HTTP/1." not in page:
            more = connection.read()
            if not more:
                raise ValueError(f"no page came: {bytes(page)!r}")
            page += more
        connection.close()
        return connection.session


def connect(row):
    settings = settings_of(row, False)
    session = fetch(row, settings, None)
    if row["feature"] in ("Resumed", "ResumedById"):
        fetch(row, settings, session)


def main():
    serving = None
    for line in sys.stdin:
        verb, *words = line.rstrip("\n").split("\t")
        row = dict(word.split("=", 1) for word in words)
        try:
            if verb == "serve":
                if serving:
                    serving.close()
                serving = Served(row)
                say(f"port {serving.port}")
            else:
                connect(row)
                say("ok")
        except Lacks as e:
            say(f"lacks {e}")
        except Exception as e:  # noqa: BLE001: the row has failed, whatever it was.
            say(f"failed {type(e).__name__}: {e}")


main()
