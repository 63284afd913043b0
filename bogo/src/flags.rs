//! The runner's flags, as they hold for one connection.

use crate::Stop;
use handfast::pki_types::CertificateDer;
use handfast::pki_types::pem::PemObject;
use handfast::wire::numbers::{CertificateType, NamedGroup, ProtocolVersion, SignatureScheme};
use handfast::wire::{Opaque, Reader, Vector, Wire};
use std::slice;
use std::str::FromStr;

/// A certificate and how its key signs.
#[derive(Clone, Debug, Default)]
pub(crate) struct CredentialFlags {
    /// A raw public key.
    pub(crate) raw: bool,
    pub(crate) cert_file: Option<String>,
    pub(crate) key_file: Option<String>,
    /// In order; empty: whatever the key can do.
    pub(crate) signing_prefs: Vec<SignatureScheme>,
    /// Only if the peer names an issuer of it.
    pub(crate) must_match_issuer: bool,
    /// It is no certificate but an external PSK, to be imported.
    pub(crate) psk: Option<PskFlags>,
    pub(crate) ocsp: Option<Vec<u8>>,
    pub(crate) scts: Vec<Vec<u8>>,
}

/// An external PSK.
#[derive(Clone, Debug, Default)]
pub(crate) struct PskFlags {
    pub(crate) key: Vec<u8>,
    pub(crate) identity: Vec<u8>,
    pub(crate) context: Vec<u8>,
    pub(crate) sha384: bool,
}

/// What the runner wants of one connection. Names are the runner's; what is not explained here is in its `test_config.h`.
#[derive(Clone, Debug)]
pub(crate) struct Flags {
    pub(crate) is_handshaker_supported: bool,
    pub(crate) port: u16,
    pub(crate) ipv6: bool,
    pub(crate) shim_id: u64,
    pub(crate) server: bool,
    pub(crate) resume_count: usize,
    /// Seconds.
    pub(crate) resumption_delay: u64,
    /// Bytes come one at a time, and every question is answered later.
    pub(crate) asynchronous: bool,
    pub(crate) implicit_handshake: bool,

    /// A pre-shared key for TLS 1.2 and older.
    pub(crate) classic_psk: Option<Vec<u8>>,
    pub(crate) classic_psk_identity: Vec<u8>,

    pub(crate) min_version: ProtocolVersion,
    pub(crate) max_version: ProtocolVersion,
    pub(crate) versions_off: Vec<ProtocolVersion>,
    pub(crate) cipher: Option<String>,
    pub(crate) server_preference: bool,
    pub(crate) curves: Vec<NamedGroup>,
    pub(crate) key_shares: Option<Vec<NamedGroup>>,
    pub(crate) verify_prefs: Vec<SignatureScheme>,
    pub(crate) fallback_scsv: bool,
    pub(crate) max_send_fragment: Option<usize>,
    pub(crate) max_cert_list: Option<usize>,

    /// The default one, then those begun by `-new-x509-credential` and `-new-rpk-credential`.
    pub(crate) credentials: Vec<CredentialFlags>,
    /// Empty: those of the credentials.
    pub(crate) available_client_cert_types: Vec<CertificateType>,
    /// Empty: X.509.
    pub(crate) accepted_peer_cert_types: Vec<CertificateType>,
    pub(crate) expect_peer_certificate_type: Option<CertificateType>,
    pub(crate) expect_peer_rpk_sha256: Option<Vec<u8>>,
    /// All of the runner's algorithms, or this one.
    pub(crate) cert_compression: Option<Option<u16>>,
    pub(crate) fail_cert_callback: bool,
    pub(crate) verify_fail: bool,
    pub(crate) verify_peer: bool,
    pub(crate) require_any_client_certificate: bool,
    pub(crate) use_custom_verify_callback: bool,
    pub(crate) client_ca_list: Vec<Vec<u8>>,

    pub(crate) enable_ocsp_stapling: bool,
    pub(crate) enable_signed_cert_timestamps: bool,
    pub(crate) use_ocsp_callback: bool,
    pub(crate) decline_ocsp_callback: bool,
    pub(crate) fail_ocsp_callback: bool,

    pub(crate) host_name: Option<String>,
    /// In wire form.
    pub(crate) advertise_alpn: Vec<u8>,
    pub(crate) select_alpn: Option<Vec<u8>>,
    pub(crate) decline_alpn: bool,
    pub(crate) reject_alpn: bool,

    pub(crate) enable_early_data: bool,
    pub(crate) expect_accept_early_data: bool,
    pub(crate) expect_reject_early_data: bool,
    pub(crate) expect_no_offer_early_data: bool,
    pub(crate) expect_ticket_supports_early_data: bool,
    /// In seconds; by how much a client's ticket seems older than it is.
    pub(crate) expect_ticket_age_skew: Option<i64>,
    pub(crate) no_ticket: bool,
    pub(crate) skip_ticket: bool,
    pub(crate) use_early_callback: bool,

    pub(crate) expect_version: Option<ProtocolVersion>,
    pub(crate) expect_cipher: Option<u16>,
    pub(crate) expect_cipher_aes: Option<u16>,
    pub(crate) expect_cipher_no_aes: Option<u16>,
    pub(crate) expect_curve_id: Option<NamedGroup>,
    pub(crate) expect_peer_signature_algorithm: Option<u16>,
    pub(crate) expect_peer_verify_prefs: Vec<SignatureScheme>,
    pub(crate) expect_client_ca_list: Option<Vec<Vec<u8>>>,
    pub(crate) expect_peer_cert_file: Option<String>,
    pub(crate) expect_ocsp_response: Option<Vec<u8>>,
    pub(crate) expect_signed_cert_timestamps: Option<Vec<Vec<u8>>>,
    pub(crate) expect_no_peer_cert: bool,
    pub(crate) expect_verify_result: bool,
    pub(crate) expect_selected_credential: Option<i32>,
    pub(crate) expect_server_name: Option<String>,
    pub(crate) expect_no_server_name: bool,
    pub(crate) expect_alpn: Vec<u8>,
    pub(crate) expect_advertised_alpn: Option<Vec<u8>>,
    pub(crate) expect_extended_master_secret: bool,
    pub(crate) use_exporter_between_reads: bool,
    /// How many handshakes the server may ask for beside the first.
    pub(crate) renegotiations: u32,
    pub(crate) refuses_renegotiations: bool,
    pub(crate) expect_total_renegotiations: Option<u32>,
    pub(crate) expect_secure_renegotiation: bool,
    pub(crate) expect_no_secure_renegotiation: bool,
    pub(crate) expect_hrr: bool,
    pub(crate) expect_no_hrr: bool,
    pub(crate) expect_session_miss: bool,
    pub(crate) expect_no_session: bool,
    pub(crate) expect_session_id: bool,
    pub(crate) expect_no_session_id: bool,
    pub(crate) expect_ticket_renewal: bool,
    pub(crate) expect_msg_callback: Option<String>,
    pub(crate) handshake_never_done: bool,

    pub(crate) export_keying_material: usize,
    pub(crate) export_label: Vec<u8>,
    pub(crate) export_context: Vec<u8>,
    pub(crate) use_export_context: bool,
    pub(crate) export_traffic_secrets: bool,
    pub(crate) tls_unique: bool,
    pub(crate) enable_grease: bool,
    pub(crate) permute_extensions: bool,

    pub(crate) shim_writes_first: bool,
    pub(crate) shim_initial_write: Vec<u8>,
    pub(crate) repeat_shim_initial_write: usize,
    pub(crate) read_with_unfinished_write: bool,
    pub(crate) write_different_record_sizes: bool,
    pub(crate) read_size: usize,
    pub(crate) key_update: bool,
    pub(crate) key_update_before_read: bool,
    pub(crate) shim_shuts_down: bool,
    pub(crate) check_close_notify: bool,
}

impl Default for Flags {
    fn default() -> Self {
        Self {
            is_handshaker_supported: false,
            port: 0,
            ipv6: false,
            shim_id: 0,
            server: false,
            resume_count: 0,
            resumption_delay: 0,
            asynchronous: false,
            implicit_handshake: false,
            classic_psk: None,
            classic_psk_identity: Vec::new(),
            min_version: ProtocolVersion::TLS1_0,
            max_version: ProtocolVersion::TLS1_3,
            versions_off: Vec::new(),
            cipher: None,
            server_preference: false,
            curves: Vec::new(),
            key_shares: None,
            verify_prefs: Vec::new(),
            fallback_scsv: false,
            max_send_fragment: None,
            max_cert_list: None,
            credentials: vec![CredentialFlags::default()],
            available_client_cert_types: Vec::new(),
            accepted_peer_cert_types: Vec::new(),
            expect_peer_certificate_type: None,
            expect_peer_rpk_sha256: None,
            cert_compression: None,
            fail_cert_callback: false,
            verify_fail: false,
            verify_peer: false,
            require_any_client_certificate: false,
            use_custom_verify_callback: false,
            client_ca_list: Vec::new(),
            enable_ocsp_stapling: false,
            enable_signed_cert_timestamps: false,
            use_ocsp_callback: false,
            decline_ocsp_callback: false,
            fail_ocsp_callback: false,
            host_name: None,
            advertise_alpn: Vec::new(),
            select_alpn: None,
            decline_alpn: false,
            reject_alpn: false,
            enable_early_data: false,
            expect_accept_early_data: false,
            expect_reject_early_data: false,
            expect_no_offer_early_data: false,
            expect_ticket_supports_early_data: false,
            expect_ticket_age_skew: None,
            no_ticket: false,
            skip_ticket: false,
            use_early_callback: false,
            expect_version: None,
            expect_cipher: None,
            expect_cipher_aes: None,
            expect_cipher_no_aes: None,
            expect_curve_id: None,
            expect_peer_signature_algorithm: None,
            expect_peer_verify_prefs: Vec::new(),
            expect_client_ca_list: None,
            expect_peer_cert_file: None,
            expect_ocsp_response: None,
            expect_signed_cert_timestamps: None,
            expect_no_peer_cert: false,
            expect_verify_result: false,
            expect_selected_credential: None,
            expect_server_name: None,
            expect_no_server_name: false,
            expect_alpn: Vec::new(),
            expect_advertised_alpn: None,
            expect_extended_master_secret: false,
            use_exporter_between_reads: false,
            renegotiations: 0,
            refuses_renegotiations: false,
            expect_total_renegotiations: None,
            expect_secure_renegotiation: false,
            expect_no_secure_renegotiation: false,
            expect_hrr: false,
            expect_no_hrr: false,
            expect_session_miss: false,
            expect_no_session: false,
            expect_session_id: false,
            expect_no_session_id: false,
            expect_ticket_renewal: false,
            expect_msg_callback: None,
            handshake_never_done: false,
            export_keying_material: 0,
            export_label: Vec::new(),
            export_context: Vec::new(),
            use_export_context: false,
            export_traffic_secrets: false,
            tls_unique: false,
            enable_grease: false,
            permute_extensions: false,
            shim_writes_first: false,
            shim_initial_write: b"hello".into(),
            repeat_shim_initial_write: 1,
            read_with_unfinished_write: false,
            write_different_record_sizes: false,
            read_size: 512,
            key_update: false,
            key_update_before_read: false,
            shim_shuts_down: false,
            check_close_notify: false,
        }
    }
}

/// The flags' values, which follow their names.
struct Values<'a>(slice::Iter<'a, Vec<u8>>);

impl Values<'_> {
    fn bytes(&mut self) -> Result<Vec<u8>, Stop> {
        self.0.next().cloned().ok_or_else(|| Stop::broken("a flag's value is missing"))
    }
    fn text(&mut self) -> Result<String, Stop> {
        String::from_utf8(self.bytes()?).map_err(|_| Stop::broken("a flag's value is no text"))
    }
    fn number<T: FromStr>(&mut self) -> Result<T, Stop> {
        let text = self.text()?;
        text.parse().map_err(|_| Stop::broken(format!("{text} is no number that fits")))
    }
    fn version(&mut self) -> Result<ProtocolVersion, Stop> {
        self.number().map(ProtocolVersion)
    }
    fn group(&mut self) -> Result<NamedGroup, Stop> {
        self.number().map(NamedGroup)
    }
    fn certificate_type(&mut self) -> Result<CertificateType, Stop> {
        self.number().map(CertificateType)
    }
    fn scheme(&mut self) -> Result<SignatureScheme, Stop> {
        self.number().map(SignatureScheme)
    }
    fn base64(&mut self) -> Result<Vec<u8>, Stop> {
        let pem = format!("-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n", self.text()?);
        let der = CertificateDer::from_pem_slice(pem.as_bytes());
        der.map(|der| der.to_vec()).map_err(|_| Stop::broken("a flag's value is no base64"))
    }
    /// A list of SCTs in wire form, in base64.
    fn scts(&mut self) -> Result<Vec<Vec<u8>>, Stop> {
        let bytes = self.base64()?;
        let list = Vector::<Opaque<'_, 2, 1, 0xffff>, 2, 1>::decode(&mut Reader::new(&bytes));
        let list = list.map_err(|_| Stop::Unimplemented("a list of SCTs that is malformed".into()))?;
        Ok(list.iter().map(|sct| sct.to_vec()).collect())
    }
    /// DER names in hexadecimal, between commas; or one of two words for none.
    fn names(&mut self) -> Result<Vec<Vec<u8>>, Stop> {
        let text = self.text()?;
        if text == "<NULL>" || text == "<EMPTY>" {
            return Ok(Vec::new());
        }
        let byte = |pair: &[u8]| std::str::from_utf8(pair).ok().and_then(|t| u8::from_str_radix(t, 16).ok());
        let name = |hex: &str| hex.as_bytes().chunks(2).map(byte).collect::<Option<Vec<u8>>>();
        text.split(',').map(name).collect::<Option<_>>().ok_or_else(|| Stop::broken("a name is no hexadecimal"))
    }
}

/// For which part of a test flags are wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    /// The first connection.
    Initial,
    /// One that resumes it.
    Resume,
    /// What is left of that after early data was refused: BoringSSL goes back, and begins with other flags.
    Retry,
}

/// The name without its prefixes, and whether the flag holds for this part.
fn scope(name: &str, part: Part) -> (String, bool) {
    let bare = |rest: &str| format!("-{rest}");
    if let Some(rest) = name.strip_prefix("-on-shim-") {
        return scope(&bare(rest), part);
    }
    for (prefix, holds) in [
        ("-on-initial-", part == Part::Initial),
        ("-on-resume-", part == Part::Resume),
        ("-on-retry-", part == Part::Retry),
        // The other process of a split handshake, which is not here.
        ("-on-handshaker-", false),
    ] {
        if let Some(rest) = name.strip_prefix(prefix) {
            return (bare(rest), holds);
        }
    }
    (name.to_owned(), true)
}

impl Flags {
    /// Those that hold for this part.
    pub(crate) fn parse(args: &[Vec<u8>], part: Part) -> Result<Self, Stop> {
        let mut flags = Self::default();
        let mut values = Values(args.iter());
        while let Some(name) = values.0.next() {
            let name = String::from_utf8_lossy(name);
            let (name, holds) = scope(&name, part);
            let mut elsewhere = Self::default();
            let target = if holds { &mut flags } else { &mut elsewhere };
            target.set(&name, &mut values)?;
        }
        Ok(flags)
    }

    fn psk(&mut self) -> Result<&mut PskFlags, Stop> {
        self.credential()?.psk.as_mut().ok_or_else(|| Stop::broken("the credential is no PSK"))
    }

    /// The PSKs, and where they stand among the credentials.
    pub(crate) fn psks(&self) -> impl Iterator<Item = (i32, &PskFlags)> {
        (0..).zip(self.credentials.iter().skip(1)).filter_map(|(index, c)| Some((index, c.psk.as_ref()?)))
    }

    fn credential(&mut self) -> Result<&mut CredentialFlags, Stop> {
        self.credentials.last_mut().ok_or_else(|| Stop::broken("there is always a credential"))
    }

    fn set(&mut self, name: &str, v: &mut Values<'_>) -> Result<(), Stop> {
        match name {
            "-is-handshaker-supported" => self.is_handshaker_supported = true,
            "-port" => self.port = v.number()?,
            "-ipv6" => self.ipv6 = true,
            "-shim-id" => self.shim_id = v.number()?,
            "-server" => self.server = true,
            "-resume-count" => self.resume_count = v.number()?,
            "-resumption-delay" => self.resumption_delay = v.number()?,
            // The second is our own: a run in which everything is answered later.
            "-async" | "-handfast-later" => self.asynchronous = true,
            "-implicit-handshake" => self.implicit_handshake = true,

            "-min-version" => self.min_version = v.version()?,
            "-max-version" => self.max_version = v.version()?,
            "-no-tls1" => self.versions_off.push(ProtocolVersion::TLS1_0),
            "-no-tls11" => self.versions_off.push(ProtocolVersion::TLS1_1),
            "-no-tls12" => self.versions_off.push(ProtocolVersion::TLS1_2),
            "-no-tls13" => self.versions_off.push(ProtocolVersion::TLS1_3),
            "-cipher" => self.cipher = Some(v.text()?),
            "-server-preference" => self.server_preference = true,
            "-curves" => self.curves.push(v.group()?),
            "-key-shares" => self.key_shares.get_or_insert_default().push(v.group()?),
            "-no-key-shares" => self.key_shares = Some(Vec::new()),
            "-verify-prefs" => self.verify_prefs.push(v.scheme()?),
            "-fallback-scsv" => self.fallback_scsv = true,
            "-max-send-fragment" => self.max_send_fragment = Some(v.number()?),
            "-max-cert-list" => self.max_cert_list = Some(v.number()?),

            "-new-x509-credential" => self.credentials.push(CredentialFlags::default()),
            "-new-rpk-credential" => self.credentials.push(CredentialFlags { raw: true, ..CredentialFlags::default() }),
            "-available-client-cert-types" => self.available_client_cert_types.push(v.certificate_type()?),
            "-accepted-peer-cert-types" => self.accepted_peer_cert_types.push(v.certificate_type()?),
            "-expect-peer-certificate-type" => self.expect_peer_certificate_type = Some(v.certificate_type()?),
            "-expect-peer-rpk-sha256" => self.expect_peer_rpk_sha256 = Some(v.base64()?),
            "-cert-file" => self.credential()?.cert_file = Some(v.text()?),
            "-key-file" => self.credential()?.key_file = Some(v.text()?),
            "-signing-prefs" => {
                let scheme = v.scheme()?;
                self.credential()?.signing_prefs.push(scheme);
            }
            "-ocsp-response" => self.credential()?.ocsp = Some(v.base64()?),
            "-signed-cert-timestamps" => self.credential()?.scts = v.scts()?,
            "-enable-ocsp-stapling" => self.enable_ocsp_stapling = true,
            "-enable-signed-cert-timestamps" => self.enable_signed_cert_timestamps = true,
            "-use-ocsp-callback" => self.use_ocsp_callback = true,
            "-decline-ocsp-callback" => self.decline_ocsp_callback = true,
            "-fail-ocsp-callback" => self.fail_ocsp_callback = true,
            "-new-psk-credential" => {
                let psk = Some(PskFlags::default());
                self.credentials.push(CredentialFlags { psk, ..CredentialFlags::default() });
            }
            "-psk" => self.classic_psk = Some(v.text()?.into_bytes()),
            "-psk-identity" => self.classic_psk_identity = v.text()?.into_bytes(),
            "-psk-importer-key" => self.psk()?.key = v.base64()?,
            "-psk-importer-identity" => self.psk()?.identity = v.base64()?,
            "-psk-importer-context" => self.psk()?.context = v.base64()?,
            "-psk-importer-sha256" => self.psk()?.sha384 = false,
            "-psk-importer-sha384" => self.psk()?.sha384 = true,
            "-must-match-issuer" => self.credential()?.must_match_issuer = true,
            "-install-cert-compression-algs" => self.cert_compression = Some(None),
            "-install-one-cert-compression-alg" => self.cert_compression = Some(Some(v.number()?)),
            "-fail-cert-callback" => self.fail_cert_callback = true,
            "-verify-fail" => self.verify_fail = true,
            "-verify-peer" => self.verify_peer = true,
            "-require-any-client-certificate" => self.require_any_client_certificate = true,
            "-use-custom-verify-callback" => self.use_custom_verify_callback = true,
            "-use-client-ca-list" => self.client_ca_list = v.names()?,

            "-host-name" => self.host_name = Some(v.text()?),
            "-advertise-alpn" => self.advertise_alpn = v.bytes()?,
            "-select-alpn" => self.select_alpn = Some(v.bytes()?),
            "-decline-alpn" => self.decline_alpn = true,
            "-reject-alpn" => self.reject_alpn = true,

            "-enable-early-data" => self.enable_early_data = true,
            "-expect-accept-early-data" => self.expect_accept_early_data = true,
            "-expect-reject-early-data" => self.expect_reject_early_data = true,
            "-expect-no-offer-early-data" => self.expect_no_offer_early_data = true,
            "-expect-ticket-supports-early-data" => self.expect_ticket_supports_early_data = true,
            "-expect-ticket-age-skew" => self.expect_ticket_age_skew = Some(v.number()?),
            // BoringSSL's names for why early data was refused: here it is only known whether.
            "-expect-early-data-reason" => drop(v.text()?),
            "-no-ticket" => self.no_ticket = true,
            "-skip-ticket" => self.skip_ticket = true,
            "-use-early-callback" => self.use_early_callback = true,

            "-expect-version" => self.expect_version = Some(v.version()?),
            "-expect-cipher" => self.expect_cipher = Some(v.number()?),
            "-expect-cipher-aes" => self.expect_cipher_aes = Some(v.number()?),
            "-expect-cipher-no-aes" => self.expect_cipher_no_aes = Some(v.number()?),
            "-expect-curve-id" => self.expect_curve_id = Some(v.group()?),
            "-expect-peer-signature-algorithm" => self.expect_peer_signature_algorithm = Some(v.number()?),
            "-expect-peer-verify-pref" => self.expect_peer_verify_prefs.push(v.scheme()?),
            "-expect-client-ca-list" => self.expect_client_ca_list = Some(v.names()?),
            "-expect-peer-cert-file" => self.expect_peer_cert_file = Some(v.text()?),
            "-expect-ocsp-response" => self.expect_ocsp_response = Some(v.base64()?),
            "-expect-signed-cert-timestamps" => self.expect_signed_cert_timestamps = Some(v.scts()?),
            "-expect-no-peer-cert" => self.expect_no_peer_cert = true,
            "-expect-verify-result" => self.expect_verify_result = true,
            "-expect-selected-credential" => self.expect_selected_credential = Some(v.number()?),
            "-expect-server-name" => self.expect_server_name = Some(v.text()?),
            "-expect-no-server-name" => self.expect_no_server_name = true,
            "-expect-alpn" => self.expect_alpn = v.bytes()?,
            "-expect-advertised-alpn" => self.expect_advertised_alpn = Some(v.bytes()?),
            "-expect-extended-master-secret" => self.expect_extended_master_secret = true,
            "-expect-secure-renegotiation" => self.expect_secure_renegotiation = true,
            "-expect-no-secure-renegotiation" => self.expect_no_secure_renegotiation = true,
            "-expect-hrr" => self.expect_hrr = true,
            "-expect-no-hrr" => self.expect_no_hrr = true,
            "-expect-session-miss" => self.expect_session_miss = true,
            "-expect-no-session" => self.expect_no_session = true,
            "-expect-session-id" => self.expect_session_id = true,
            "-expect-no-session-id" => self.expect_no_session_id = true,
            "-expect-ticket-renewal" => self.expect_ticket_renewal = true,
            "-expect-msg-callback" => self.expect_msg_callback = Some(v.text()?),
            "-handshake-never-done" => self.handshake_never_done = true,

            "-export-keying-material" => self.export_keying_material = v.number()?,
            "-export-label" => self.export_label = v.bytes()?,
            "-export-context" => self.export_context = v.bytes()?,
            "-use-export-context" => self.use_export_context = true,
            "-export-traffic-secrets" => self.export_traffic_secrets = true,
            "-tls-unique" => self.tls_unique = true,
            "-enable-grease" => self.enable_grease = true,
            "-permute-extensions" => self.permute_extensions = true,

            "-shim-writes-first" => self.shim_writes_first = true,
            "-shim-initial-write" => self.shim_initial_write = v.bytes()?,
            "-repeat-shim-initial-write" => self.repeat_shim_initial_write = v.number()?,
            "-read-with-unfinished-write" => self.read_with_unfinished_write = true,
            "-write-different-record-sizes" => self.write_different_record_sizes = true,
            "-read-size" => self.read_size = v.number()?,
            "-key-update" => self.key_update = true,
            "-key-update-before-read" => self.key_update_before_read = true,
            "-shim-shuts-down" => self.shim_shuts_down = true,
            "-check-close-notify" => self.check_close_notify = true,

            "-use-exporter-between-reads" => self.use_exporter_between_reads = true,
            // We do not just pass over them: each is answered by no_renegotiation.
            "-renegotiate-ignore" => self.refuses_renegotiations = true,
            "-renegotiate-once" => self.renegotiations = 1,
            // That the application has a say in each is BoringSSL's own.
            "-renegotiate-freely" | "-renegotiate-explicit" => self.renegotiations = 100,
            "-expect-total-renegotiations" => self.expect_total_renegotiations = Some(v.number()?),
            // What they ask for is so anyway, or means nothing here: the peer is judged by `-verify-fail` alone; the split of
            // CBC records is always done where it helps; other callbacks of BoringSSL's with the same outcome.
            "-trust-cert" => drop(v.bytes()?),
            "-cbc-record-splitting"
            | "-no-op-extra-handshake"
            | "-partial-write"
            | "-set-ocsp-in-callback"
            | "-use-old-client-cert-callback"
            | "-use-ticket-callback"
            | "-use-ticket-aead-callback" => {}
            _ => return Err(Stop::Unimplemented(format!("the flag {name}"))),
        }
        Ok(())
    }
}
