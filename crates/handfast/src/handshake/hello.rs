//! The one fork: which family a handshake goes on in.

use super::classic;
use super::offer::Offered;
use super::{Flow, State, answer, offer, tls13};
use crate::config::{ClientConfig, ConfigSource, ServerConfig};
use crate::error::{Error, ErrorKind, NothingInCommon, illegal};
use crate::extension::SupportedVersions;
use crate::message::{ClientHello, ServerHello};
use crate::policy::Policy;
use crate::record::Aligned;
use crate::wire::numbers::{ExtensionType, ProtocolVersion};
use rustls_pki_types::ServerName;
use std::sync::Arc;

/// A client begins: looks for a session, then offers.
pub(crate) fn connect(
    flow: &mut Flow<'_>,
    config: Arc<ClientConfig>,
    name: ServerName<'static>,
) -> Result<State, Error> {
    offer::start(flow, config, name)
}

/// What a server listens with.
pub(crate) enum Listen {
    /// One config for all.
    Config(Arc<ServerConfig>),
    /// One that is chosen when the client has spoken.
    Source(Arc<dyn ConfigSource>),
}

/// A server begins: waits for a ClientHello.
pub(crate) fn listen(with: Listen) -> State {
    answer::State::Listening(with).into()
}

/// The client's fork, at ServerHello.
pub(crate) fn client_fork(
    flow: &mut Flow<'_>,
    offered: Box<Offered>,
    hello: &ServerHello<'_>,
    aligned: Option<Aligned>,
) -> Result<State, Error> {
    let version = match hello.extensions.supported_versions() {
        Some(_) if !offered.extensions.contains(&ExtensionType::SUPPORTED_VERSIONS) => {
            return Err(ErrorKind::UnsolicitedExtension(ExtensionType::SUPPORTED_VERSIONS).into());
        }
        Some(SupportedVersions::Selected(v)) if *v < ProtocolVersion::TLS1_3 => {
            return Err(illegal("supported_versions", "selects a version older than TLS 1.3", "RFC 9846 4.3.1"));
        }
        Some(SupportedVersions::Selected(v)) if !offered.config.policy.versions().contains(v) => {
            return Err(illegal("supported_versions", "selects a version that was not offered", "RFC 9846 4.3.1"));
        }
        Some(SupportedVersions::Selected(v)) => *v,
        // The other form cannot be decoded in a ServerHello.
        Some(SupportedVersions::Offered(_)) | None if hello.fixed.legacy_version >= ProtocolVersion::TLS1_3 => {
            return Err(no_version(&[hello.fixed.legacy_version], &offered.config.policy));
        }
        Some(SupportedVersions::Offered(_)) | None => hello.fixed.legacy_version,
    };
    // The server has agreed to it already: an alert, too, must be of this version to be read.
    flow.write_version(version);
    if !offered.config.policy.versions().contains(&version) {
        return Err(no_version(&[version], &offered.config.policy));
    }
    if version == ProtocolVersion::TLS1_3 {
        return tls13::client::start(flow, offered, hello, aligned);
    }
    if offered.early {
        // Such a server cannot read what is sealed for early data, an alert neither.
        flow.write_plain()?;
        return Err(ErrorKind::EarlyDataVersion(version).into());
    }
    if offered.retried.is_some() {
        return Err(illegal("supported_versions", "is missing after a HelloRetryRequest", "RFC 9846 4.2.4"));
    }
    flow.shared.compat_ccs_may_come = false;
    classic::client::start(flow, offered, hello, version)
}

/// The server's choice of a version: the newest that both speak.
pub(crate) fn choose_version(hello: &ClientHello<'_>, policy: &Policy) -> Result<ProtocolVersion, Error> {
    let ours = policy.versions();
    match hello.extensions.supported_versions() {
        Some(SupportedVersions::Offered(list)) => {
            let common = ours.iter().copied().find(|v| list.contains(*v));
            common.ok_or_else(|| no_version(&list.iter().collect::<Vec<_>>(), policy))
        }
        _ => {
            let most = hello.fixed.legacy_version.min(ProtocolVersion::TLS1_2);
            let common = ours.iter().copied().find(|v| *v <= most);
            common.ok_or_else(|| no_version(&[hello.fixed.legacy_version], policy))
        }
    }
}

fn no_version(theirs: &[ProtocolVersion], policy: &Policy) -> Error {
    NothingInCommon::Version { theirs: theirs.to_vec(), ours: policy.versions() }.into()
}
