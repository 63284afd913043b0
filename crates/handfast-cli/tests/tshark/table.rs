//! What tshark calls what we have, and why some fields only one of us has.

use handfast::wire::CipherSuite;
use handfast::wire::numbers::{
    CertificateCompressionAlgorithm, CertificateStatusType, CertificateType, CompressionMethod, EcPointFormat,
    HandshakeType, NamedGroup, ProtocolVersion, PskKeyExchangeMode, SignatureScheme,
};

/// How values are compared.
#[derive(Clone, Copy)]
pub(crate) enum How {
    /// Only the place is: what is inside has the value.
    Place,
    /// As they stand.
    Text,
    /// In hexadecimal.
    Bytes,
    /// By the number in them.
    Number,
    /// By the number that this registry has for our name; the names are compared, too.
    Named(fn(&str) -> Option<u32>),
}

/// A field of ours, and tshark's.
pub(crate) struct Row {
    /// The name behind that of the field that it is in; behind an asterisk, its end.
    pub(crate) ours: &'static str,
    /// How many bytes of length are part of our field, and not of theirs.
    pub(crate) skip: i64,
    /// What they call that length; empty where it is a field of ours, too.
    pub(crate) length: &'static str,
    /// What they call the field; empty if they have no such field.
    pub(crate) theirs: &'static str,
    pub(crate) how: How,
}

const fn row(ours: &'static str, theirs: &'static str, how: How) -> Row {
    Row { ours, skip: 0, length: "", theirs, how }
}

const fn behind(skip: i64, length: &'static str, ours: &'static str, theirs: &'static str, how: How) -> Row {
    Row { ours, skip, length, theirs, how }
}

macro_rules! named {
    ($registry:ident) => {
        How::Named(|name| $registry::from_name(name).map(|n| u32::from(n.0)))
    };
}

use How::{Bytes, Number, Place, Text};

pub(crate) const ROWS: &[Row] = &[
    row("msg_type", "tls.handshake.type", named!(HandshakeType)),
    row("ClientHello/length", "tls.handshake.length", Number),
    row("ServerHello/length", "tls.handshake.length", Number),
    row("ClientHello/legacy_version", "tls.handshake.version", named!(ProtocolVersion)),
    row("ServerHello/legacy_version", "tls.handshake.version", named!(ProtocolVersion)),
    row("ClientHello/random", "tls.handshake.random", Bytes),
    row("ServerHello/random", "tls.handshake.random", Bytes),
    behind(1, "tls.handshake.session_id_length", "ClientHello/session_id", "tls.handshake.session_id", Bytes),
    behind(1, "tls.handshake.session_id_length", "ServerHello/session_id", "tls.handshake.session_id", Bytes),
    behind(2, "", "ClientHello/cipher_suites", "tls.handshake.ciphersuites", Place),
    row("cipher_suites/length", "tls.handshake.cipher_suites_length", Number),
    row("cipher_suites/[]", "tls.handshake.ciphersuite", named!(CipherSuite)),
    row("ServerHello/cipher_suite", "tls.handshake.ciphersuite", named!(CipherSuite)),
    behind(1, "", "ClientHello/compression_methods", "tls.handshake.comp_methods", Place),
    row("compression_methods/length", "tls.handshake.comp_methods_length", Number),
    row("compression_methods/[]", "tls.handshake.comp_method", named!(CompressionMethod)),
    row("ServerHello/compression_method", "tls.handshake.comp_method", named!(CompressionMethod)),
    row("extensions/length", "tls.handshake.extensions_length", Number),
    row("*/extension_type", "tls.handshake.extension.type", Number),
    row("*/length", "tls.handshake.extension.len", Number),
    row("*/extension_data", "tls.handshake.extension.data", Bytes),
    row("padding/extension_data", "tls.handshake.extensions_padding_data", Place),
    row("session_ticket/ticket", "tls.handshake.extension.data", Bytes),
    row("server_name/length", "tls.handshake.extensions_server_name_list_len", Number),
    row("server_name/name_type", "tls.handshake.extensions_server_name_type", Number),
    behind(
        2,
        "tls.handshake.extensions_server_name_len",
        "server_name/host_name",
        "tls.handshake.extensions_server_name",
        Text,
    ),
    row("application_layer_protocol_negotiation/length", "tls.handshake.extensions_alpn_len", Number),
    behind(
        1,
        "tls.handshake.extensions_alpn_str_len",
        "application_layer_protocol_negotiation/protocol_name",
        "tls.handshake.extensions_alpn_str",
        Text,
    ),
    row("status_request/status_type", "tls.handshake.extensions_status_request_type", named!(CertificateStatusType)),
    behind(
        2,
        "tls.handshake.extensions_status_request_responder_ids_len",
        "status_request/responder_id_list",
        "",
        Place,
    ),
    behind(2, "tls.handshake.extensions_status_request_exts_len", "status_request/request_extensions", "", Place),
    behind(2, "", "supported_groups/named_group_list", "tls.handshake.extensions_supported_groups", Place),
    row("named_group_list/length", "tls.handshake.extensions_supported_groups_length", Number),
    row("named_group_list/[]", "tls.handshake.extensions_supported_group", named!(NamedGroup)),
    behind(1, "", "ec_point_formats/ec_point_format_list", "tls.handshake.extensions_ec_point_formats", Place),
    row("ec_point_format_list/length", "tls.handshake.extensions_ec_point_formats_length", Number),
    row("ec_point_format_list/[]", "tls.handshake.extensions_ec_point_format", named!(EcPointFormat)),
    behind(2, "", "signature_algorithms/supported_signature_algorithms", "tls.handshake.sig_hash_algs", Place),
    behind(2, "", "signature_algorithms_cert/supported_signature_algorithms", "tls.handshake.sig_hash_algs", Place),
    row("supported_signature_algorithms/length", "tls.handshake.sig_hash_alg_len", Number),
    row("supported_signature_algorithms/[]", "tls.handshake.sig_hash_alg", named!(SignatureScheme)),
    row("versions/length", "tls.handshake.extensions.supported_versions_len", Number),
    row("versions/[]", "tls.handshake.extensions.supported_version", named!(ProtocolVersion)),
    row("supported_versions/selected_version", "tls.handshake.extensions.supported_version", named!(ProtocolVersion)),
    row("client_shares/length", "tls.handshake.extensions_key_share_client_length", Number),
    row("*_share/group", "tls.handshake.extensions_key_share_group", named!(NamedGroup)),
    row("client_shares/group", "tls.handshake.extensions_key_share_group", named!(NamedGroup)),
    behind(
        2,
        "tls.handshake.extensions_key_share_key_exchange_length",
        "*/key_exchange",
        "tls.handshake.extensions_key_share_key_exchange",
        Bytes,
    ),
    row("key_share/selected_group", "tls.handshake.extensions_key_share_selected_group", named!(NamedGroup)),
    row("ke_modes/length", "tls.extension.psk_ke_modes_length", Number),
    row("ke_modes/[]", "tls.extension.psk_ke_mode", named!(PskKeyExchangeMode)),
    row("algorithms/length", "tls.compress_certificate.algorithms_length", Number),
    row("algorithms/[]", "tls.compress_certificate.algorithm", named!(CertificateCompressionAlgorithm)),
    row("identities/length", "tls.handshake.extensions.psk.identities.length", Number),
    behind(
        2,
        "tls.handshake.extensions.psk.identity.identity_length",
        "identities/identity",
        "tls.handshake.extensions.psk.identity.identity",
        Bytes,
    ),
    row("identities/obfuscated_ticket_age", "tls.handshake.extensions.psk.identity.obfuscated_ticket_age", Number),
    row("binders/length", "tls.handshake.extensions.psk.binders_len", Number),
    behind(2, "", "pre_shared_key/binders", "tls.handshake.extensions.psk.binders", Place),
    row("pre_shared_key/selected_identity", "tls.handshake.extensions.psk.identity.selected", Number),
    behind(2, "tls.handshake.extensions.cookie_len", "cookie/cookie", "tls.handshake.extensions.cookie", Bytes),
    row("record_size_limit/record_size_limit", "tls.record_size_limit", Number),
    behind(
        1,
        "tls.handshake.extensions_reneg_info_len",
        "renegotiation_info/renegotiated_connection",
        "tls.handshake.extensions_reneg_info",
        Bytes,
    ),
    behind(1, "", "*/certificate_types", "tls.handshake.cert_type.types", Place),
    row("certificate_types/length", "tls.handshake.cert_type.types_len", Number),
    row("certificate_types/[]", "tls.handshake.cert_type.type", named!(CertificateType)),
    row("certificate_authorities/length", "tls.handshake.dnames_len", Number),
    behind(2, "tls.handshake.dname_len", "certificate_authorities/authority", "", Place),
    row("client_hello/version", "tls.handshake.version", named!(ProtocolVersion)),
    row("client_hello/cipher_spec_length", "tls.handshake.cipher_spec_len", Number),
    row("client_hello/session_id_length", "tls.handshake.session_id_length", Number),
    row("client_hello/challenge_length", "tls.handshake.challenge_length", Number),
    row("client_hello/session_id", "tls.handshake.session_id", Bytes),
    row("client_hello/cipher_specs", "tls.handshake.ciphersuites", Place),
    row("cipher_specs/[]", "tls.handshake.cipherspec", named!(CipherSuite)),
    row("client_hello/challenge", "tls.handshake.challenge", Place),
];

/// Other names of the same thing.
pub(crate) const ALIKE: &[(&str, &str)] = &[
    ("psk_dhe_ke", "PSK with (EC)DHE key establishment (psk_dhe_ke)"),
    ("psk_ke", "PSK-only key establishment (psk_ke)"),
    // The registry and RFC 9345 have it in the singular.
    ("delegated_credential", "delegated_credentials"),
    ("SSL_RC4_128_WITH_MD5 of SSL 2.0", "SSL2_RC4_128_WITH_MD5"),
    ("SSL_RC4_128_EXPORT40_WITH_MD5 of SSL 2.0", "SSL2_RC4_128_EXPORT40_WITH_MD5"),
    ("SSL_DES_64_CBC_WITH_MD5 of SSL 2.0", "SSL2_DES_64_CBC_WITH_MD5"),
    ("SSL_DES_192_EDE3_CBC_WITH_MD5 of SSL 2.0", "SSL2_DES_192_EDE3_CBC_WITH_MD5"),
    // What RFC 9846 gives no name, tshark puts together of the two halves of RFC 5246 7.4.1.4.1.
    ("dsa_sha1", "SHA1 DSA"),
    ("dsa_sha224", "SHA224 DSA"),
    ("dsa_sha256", "SHA256 DSA"),
    ("dsa_sha384", "SHA384 DSA"),
    ("dsa_sha512", "SHA512 DSA"),
    ("rsa_pkcs1_sha224", "SHA224 RSA"),
    ("ecdsa_sha224", "SHA224 ECDSA"),
];

/// What tshark does not have, and why.
pub(crate) const EXCUSED_OURS: &[(&str, &str)] = &[
    ("ClientHello", "tshark's message has its type in it, ours has not"),
    ("ServerHello", "the same"),
    ("client_hello", "the same"),
    ("ClientHello/extensions", "tshark lists the extensions in the message"),
    ("ServerHello/extensions", "the same"),
    ("key_share/client_shares", "tshark lists the entries in the extension"),
    ("client_shares/[]", "tshark's entry has no name to be found by, only parts"),
    ("key_share/server_share", "the same"),
    ("supported_versions/versions", "tshark lists the versions in the extension"),
    ("psk_key_exchange_modes/ke_modes", "tshark lists the modes in the extension"),
    ("compress_certificate/algorithms", "tshark lists the algorithms in the extension"),
    ("pre_shared_key/identities", "tshark lists the identities in the extension"),
    ("identities/[]", "tshark's identity has no name to be found by, only parts"),
    ("binders/[]", "tshark does not tell one binder from the next"),
];

/// What we do not have, and why.
pub(crate) const EXCUSED_THEIRS: &[(&str, &str)] = &[
    ("tls.handshake.random_time", "the first bytes of the random are a time no more (RFC 9846 4.2.2)"),
    ("tls.handshake.random_bytes", "the first bytes of the random are a time no more (RFC 9846 4.2.2)"),
    ("tls.handshake.sig_hash_hash", "a scheme is one number, and no pair (RFC 9846 4.3.3)"),
    ("tls.handshake.sig_hash_sig", "a scheme is one number, and no pair (RFC 9846 4.3.3)"),
    ("tls.handshake.extensions_alpn_list", "our protocols stand in the extension"),
    ("tls.handshake.dnames", "our authorities stand in the extension"),
];

/// Where tshark reads on, and we do not: what is inside of these fields is its own.
pub(crate) const UNREAD: &[(&str, &str)] = &[
    ("delegated_credential/extension_data", "the extension is not spoken here"),
    ("cert_type/extension_data", "the extension is not spoken here"),
    ("max_fragment_length/extension_data", "the extension is not spoken here"),
    ("status_request_v2/extension_data", "the extension is not spoken here"),
    ("heartbeat/extension_data", "the extension is not spoken here"),
    // It is an opaque of RFC 9846 4.3.4; tshark has it without the first bytes of its DER, and its parts.
    ("certificate_authorities/authority", "what a name is made of stands in no RFC of TLS"),
];

/// The rows for a field of ours.
pub(crate) fn rows(key: &str) -> impl Iterator<Item = &'static Row> {
    ROWS.iter().filter(move |row| row.ours == key || row.ours.strip_prefix('*').is_some_and(|end| key.ends_with(end)))
}

/// Whether tshark has nothing like it, or reads on in it.
pub(crate) fn is_excused(key: &str) -> bool {
    EXCUSED_OURS.iter().chain(UNREAD).any(|(name, _)| *name == key)
}

/// Whether its value is compared, and not only its place: by its own row, if it has one.
pub(crate) fn has_value(key: &str) -> bool {
    let is_own = |row: &&Row| row.ours == key;
    let mut of = rows(key).filter(|row| is_own(row) || !rows(key).any(|row| row.ours == key));
    of.any(|row| !matches!(row.how, Place))
}
