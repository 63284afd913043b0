//! The registries: versions, content types, handshake types, suites, groups, signature schemes, extensions.

use super::numbers;

numbers! {
    /// A protocol version as the wire has it (RFC 9846 4.2.2, RFC 6101 5.4.1).
    pub struct ProtocolVersion(u16) {
        SSL3_0 = 0x0300, "SSL 3.0";
        TLS1_0 = 0x0301, "TLS 1.0";
        TLS1_1 = 0x0302, "TLS 1.1";
        TLS1_2 = 0x0303, "TLS 1.2";
        TLS1_3 = 0x0304, "TLS 1.3";
    }
}

numbers! {
    /// The four content types of a record (RFC 9846 5.1), and heartbeat, which is never spoken.
    pub struct ContentType(u8) {
        CHANGE_CIPHER_SPEC = 20, "change_cipher_spec";
        ALERT = 21, "alert";
        HANDSHAKE = 22, "handshake";
        APPLICATION_DATA = 23, "application_data";
        HEARTBEAT = 24, "heartbeat";
    }
}

numbers! {
    /// The type of a handshake message (RFC 9846 4, RFC 5246 7.4).
    pub struct HandshakeType(u8) {
        HELLO_REQUEST = 0, "HelloRequest";
        CLIENT_HELLO = 1, "ClientHello";
        SERVER_HELLO = 2, "ServerHello";
        NEW_SESSION_TICKET = 4, "NewSessionTicket";
        END_OF_EARLY_DATA = 5, "EndOfEarlyData";
        ENCRYPTED_EXTENSIONS = 8, "EncryptedExtensions";
        CERTIFICATE = 11, "Certificate";
        SERVER_KEY_EXCHANGE = 12, "ServerKeyExchange";
        CERTIFICATE_REQUEST = 13, "CertificateRequest";
        SERVER_HELLO_DONE = 14, "ServerHelloDone";
        CERTIFICATE_VERIFY = 15, "CertificateVerify";
        CLIENT_KEY_EXCHANGE = 16, "ClientKeyExchange";
        FINISHED = 20, "Finished";
        CERTIFICATE_STATUS = 22, "CertificateStatus";
        KEY_UPDATE = 24, "KeyUpdate";
        COMPRESSED_CERTIFICATE = 25, "CompressedCertificate";
        MESSAGE_HASH = 254, "message_hash";
    }
}

numbers! {
    /// A named group (RFC 9846 4.3.7, RFC 8422 5.1.1).
    pub struct NamedGroup(u16) {
        SECT163K1 = 0x0001, "sect163k1";
        SECT163R1 = 0x0002, "sect163r1";
        SECT163R2 = 0x0003, "sect163r2";
        SECT193R1 = 0x0004, "sect193r1";
        SECT193R2 = 0x0005, "sect193r2";
        SECT233K1 = 0x0006, "sect233k1";
        SECT233R1 = 0x0007, "sect233r1";
        SECT239K1 = 0x0008, "sect239k1";
        SECT283K1 = 0x0009, "sect283k1";
        SECT283R1 = 0x000A, "sect283r1";
        SECT409K1 = 0x000B, "sect409k1";
        SECT409R1 = 0x000C, "sect409r1";
        SECT571K1 = 0x000D, "sect571k1";
        SECT571R1 = 0x000E, "sect571r1";
        SECP160K1 = 0x000F, "secp160k1";
        SECP160R1 = 0x0010, "secp160r1";
        SECP160R2 = 0x0011, "secp160r2";
        SECP192K1 = 0x0012, "secp192k1";
        SECP192R1 = 0x0013, "secp192r1";
        SECP224K1 = 0x0014, "secp224k1";
        SECP224R1 = 0x0015, "secp224r1";
        SECP256K1 = 0x0016, "secp256k1";
        SECP256R1 = 0x0017, "secp256r1";
        SECP384R1 = 0x0018, "secp384r1";
        SECP521R1 = 0x0019, "secp521r1";
        BRAINPOOLP256R1 = 0x001A, "brainpoolP256r1";
        BRAINPOOLP384R1 = 0x001B, "brainpoolP384r1";
        BRAINPOOLP512R1 = 0x001C, "brainpoolP512r1";
        X25519 = 0x001D, "x25519";
        X448 = 0x001E, "x448";
        BRAINPOOLP256R1TLS13 = 0x001F, "brainpoolP256r1tls13";
        BRAINPOOLP384R1TLS13 = 0x0020, "brainpoolP384r1tls13";
        BRAINPOOLP512R1TLS13 = 0x0021, "brainpoolP512r1tls13";
        CURVESM2 = 0x0029, "curveSM2";
        FFDHE2048 = 0x0100, "ffdhe2048";
        FFDHE3072 = 0x0101, "ffdhe3072";
        FFDHE4096 = 0x0102, "ffdhe4096";
        FFDHE6144 = 0x0103, "ffdhe6144";
        FFDHE8192 = 0x0104, "ffdhe8192";
        MLKEM512 = 0x0200, "MLKEM512";
        MLKEM768 = 0x0201, "MLKEM768";
        MLKEM1024 = 0x0202, "MLKEM1024";
        SECP256R1MLKEM768 = 0x11EB, "SecP256r1MLKEM768";
        X25519MLKEM768 = 0x11EC, "X25519MLKEM768";
        SECP384R1MLKEM1024 = 0x11ED, "SecP384r1MLKEM1024";
        CURVESM2MLKEM768 = 0x11EE, "curveSM2MLKEM768";
        X25519_KYBER768_DRAFT00 = 0x6399, "X25519Kyber768Draft00";
        SECP256R1_KYBER768_DRAFT00 = 0x639A, "SecP256r1Kyber768Draft00";
        ARBITRARY_EXPLICIT_PRIME_CURVES = 0xFF01, "arbitrary_explicit_prime_curves";
        ARBITRARY_EXPLICIT_CHAR2_CURVES = 0xFF02, "arbitrary_explicit_char2_curves";
    }
}

numbers! {
    /// How something is signed (RFC 9846 4.3.3, RFC 5246 7.4.1.4.1). `RSA_PKCS1_MD5_SHA1` has no number on the wire: it
    /// is what TLS 1.1 and older sign with RSA, and stands here under BoringSSL's private number so that it is a scheme
    /// like any other. Nor has `RSA_PKCS1_SSL3`, a CertificateVerify of SSL 3.0: what is signed are both digests themselves, 36
    /// bytes, which are the message here (RFC 6101 5.6.8).
    pub struct SignatureScheme(u16) {
        RSA_PKCS1_MD5_SHA1 = 0xFF01, "rsa_pkcs1_md5_sha1";
        RSA_PKCS1_SSL3 = 0xFF03, "rsa_pkcs1_ssl3";
        RSA_PKCS1_MD5 = 0x0101, "rsa_pkcs1_md5";
        RSA_PKCS1_SHA1 = 0x0201, "rsa_pkcs1_sha1";
        DSA_SHA1 = 0x0202, "dsa_sha1";
        ECDSA_SHA1 = 0x0203, "ecdsa_sha1";
        RSA_PKCS1_SHA224 = 0x0301, "rsa_pkcs1_sha224";
        DSA_SHA224 = 0x0302, "dsa_sha224";
        ECDSA_SHA224 = 0x0303, "ecdsa_sha224";
        RSA_PKCS1_SHA256 = 0x0401, "rsa_pkcs1_sha256";
        DSA_SHA256 = 0x0402, "dsa_sha256";
        ECDSA_SECP256R1_SHA256 = 0x0403, "ecdsa_secp256r1_sha256";
        RSA_PKCS1_SHA384 = 0x0501, "rsa_pkcs1_sha384";
        DSA_SHA384 = 0x0502, "dsa_sha384";
        ECDSA_SECP384R1_SHA384 = 0x0503, "ecdsa_secp384r1_sha384";
        RSA_PKCS1_SHA512 = 0x0601, "rsa_pkcs1_sha512";
        DSA_SHA512 = 0x0602, "dsa_sha512";
        ECDSA_SECP521R1_SHA512 = 0x0603, "ecdsa_secp521r1_sha512";
        SM2SIG_SM3 = 0x0708, "sm2sig_sm3";
        RSA_PSS_RSAE_SHA256 = 0x0804, "rsa_pss_rsae_sha256";
        RSA_PSS_RSAE_SHA384 = 0x0805, "rsa_pss_rsae_sha384";
        RSA_PSS_RSAE_SHA512 = 0x0806, "rsa_pss_rsae_sha512";
        ED25519 = 0x0807, "ed25519";
        ED448 = 0x0808, "ed448";
        RSA_PSS_PSS_SHA256 = 0x0809, "rsa_pss_pss_sha256";
        RSA_PSS_PSS_SHA384 = 0x080A, "rsa_pss_pss_sha384";
        RSA_PSS_PSS_SHA512 = 0x080B, "rsa_pss_pss_sha512";
        ECDSA_BRAINPOOLP256R1TLS13_SHA256 = 0x081A, "ecdsa_brainpoolP256r1tls13_sha256";
        ECDSA_BRAINPOOLP384R1TLS13_SHA384 = 0x081B, "ecdsa_brainpoolP384r1tls13_sha384";
        ECDSA_BRAINPOOLP512R1TLS13_SHA512 = 0x081C, "ecdsa_brainpoolP512r1tls13_sha512";
        MLDSA44 = 0x0904, "mldsa44";
        MLDSA65 = 0x0905, "mldsa65";
        MLDSA87 = 0x0906, "mldsa87";
    }
}

impl SignatureScheme {
    /// Whether it can be named on the wire: all can but [`SignatureScheme::RSA_PKCS1_MD5_SHA1`] and
    /// [`SignatureScheme::RSA_PKCS1_SSL3`].
    pub fn is_named(self) -> bool {
        self != Self::RSA_PKCS1_MD5_SHA1 && self != Self::RSA_PKCS1_SSL3
    }
}

numbers! {
    /// The type of an extension (RFC 9846 4.3).
    pub struct ExtensionType(u16) {
        SERVER_NAME = 0, "server_name";
        MAX_FRAGMENT_LENGTH = 1, "max_fragment_length";
        CLIENT_CERTIFICATE_URL = 2, "client_certificate_url";
        TRUSTED_CA_KEYS = 3, "trusted_ca_keys";
        TRUNCATED_HMAC = 4, "truncated_hmac";
        STATUS_REQUEST = 5, "status_request";
        USER_MAPPING = 6, "user_mapping";
        CLIENT_AUTHZ = 7, "client_authz";
        SERVER_AUTHZ = 8, "server_authz";
        CERT_TYPE = 9, "cert_type";
        SUPPORTED_GROUPS = 10, "supported_groups";
        EC_POINT_FORMATS = 11, "ec_point_formats";
        SRP = 12, "srp";
        SIGNATURE_ALGORITHMS = 13, "signature_algorithms";
        USE_SRTP = 14, "use_srtp";
        HEARTBEAT = 15, "heartbeat";
        APPLICATION_LAYER_PROTOCOL_NEGOTIATION = 16, "application_layer_protocol_negotiation";
        STATUS_REQUEST_V2 = 17, "status_request_v2";
        SIGNED_CERTIFICATE_TIMESTAMP = 18, "signed_certificate_timestamp";
        CLIENT_CERTIFICATE_TYPE = 19, "client_certificate_type";
        SERVER_CERTIFICATE_TYPE = 20, "server_certificate_type";
        PADDING = 21, "padding";
        ENCRYPT_THEN_MAC = 22, "encrypt_then_mac";
        EXTENDED_MASTER_SECRET = 23, "extended_master_secret";
        TOKEN_BINDING = 24, "token_binding";
        CACHED_INFO = 25, "cached_info";
        COMPRESS_CERTIFICATE = 27, "compress_certificate";
        RECORD_SIZE_LIMIT = 28, "record_size_limit";
        TLS_CERT_WITH_EXTERN_PSK = 33, "tls_cert_with_extern_psk";
        DELEGATED_CREDENTIAL = 34, "delegated_credential";
        SESSION_TICKET = 35, "session_ticket";
        PRE_SHARED_KEY = 41, "pre_shared_key";
        EARLY_DATA = 42, "early_data";
        SUPPORTED_VERSIONS = 43, "supported_versions";
        COOKIE = 44, "cookie";
        PSK_KEY_EXCHANGE_MODES = 45, "psk_key_exchange_modes";
        CERTIFICATE_AUTHORITIES = 47, "certificate_authorities";
        OID_FILTERS = 48, "oid_filters";
        POST_HANDSHAKE_AUTH = 49, "post_handshake_auth";
        SIGNATURE_ALGORITHMS_CERT = 50, "signature_algorithms_cert";
        KEY_SHARE = 51, "key_share";
        TRANSPARENCY_INFO = 52, "transparency_info";
        CONNECTION_ID = 54, "connection_id";
        QUIC_TRANSPORT_PARAMETERS = 57, "quic_transport_parameters";
        TICKET_REQUEST = 58, "ticket_request";
        DNSSEC_CHAIN = 59, "dnssec_chain";
        TLS_FLAGS = 62, "tls_flags";
        NEXT_PROTOCOL_NEGOTIATION = 13172, "next_protocol_negotiation";
        /// The number that application_settings had first.
        APPLICATION_SETTINGS_OLD = 17513, "application_settings_old";
        APPLICATION_SETTINGS = 17613, "application_settings";
        CHANNEL_ID = 30032, "channel_id";
        TRUST_ANCHORS = 51764, "trust_anchors";
        ENCRYPTED_CLIENT_HELLO = 65037, "encrypted_client_hello";
        RENEGOTIATION_INFO = 65281, "renegotiation_info";
    }
}

numbers! {
    /// How a PSK may be used (RFC 9846 4.3.9).
    pub struct PskKeyExchangeMode(u8) {
        PSK_KE = 0, "psk_ke";
        PSK_DHE_KE = 1, "psk_dhe_ke";
    }
}

numbers! {
    /// A KDF that an external PSK can be imported for (RFC 9258 10).
    pub struct Kdf(u16) {
        HKDF_SHA256 = 1, "HKDF_SHA256";
        HKDF_SHA384 = 2, "HKDF_SHA384";
    }
}

numbers! {
    /// What a client certificate may be made with, in TLS 1.2 and older (RFC 5246 7.4.4, RFC 8422 5.5).
    pub struct ClientCertificateType(u8) {
        RSA_SIGN = 1, "rsa_sign";
        DSS_SIGN = 2, "dss_sign";
        ECDSA_SIGN = 64, "ecdsa_sign";
    }
}

numbers! {
    /// How a certificate's status is told (RFC 6066 8, RFC 6961 2.2).
    pub struct CertificateStatusType(u8) {
        OCSP = 1, "ocsp";
        OCSP_MULTI = 2, "ocsp_multi";
    }
}

numbers! {
    /// A form of elliptic-curve points (RFC 8422 5.1.2).
    pub struct EcPointFormat(u8) {
        UNCOMPRESSED = 0, "uncompressed";
        ANSIX962_COMPRESSED_PRIME = 1, "ansiX962_compressed_prime";
        ANSIX962_COMPRESSED_CHAR2 = 2, "ansiX962_compressed_char2";
    }
}

numbers! {
    /// What a Certificate holds (RFC 7250 7, RFC 6091).
    pub struct CertificateType(u8) {
        X509 = 0, "X509";
        OPENPGP = 1, "OpenPGP";
        RAW_PUBLIC_KEY = 2, "RawPublicKey";
    }
}

numbers! {
    /// How a Certificate is compressed (RFC 8879 7.3).
    pub struct CertificateCompressionAlgorithm(u16) {
        ZLIB = 1, "zlib";
        BROTLI = 2, "brotli";
        ZSTD = 3, "zstd";
    }
}

numbers! {
    /// A compression method: null is the only one that is ever agreed (RFC 9846 4.2.2).
    pub struct CompressionMethod(u8) {
        NULL = 0, "null";
        DEFLATE = 1, "DEFLATE";
    }
}
