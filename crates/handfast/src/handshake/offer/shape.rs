//! How a ClientHello looks, apart from what it says: values that nobody knows (RFC 8701), the order of its extensions, its length
//! (RFC 7685). None of it is done unless the config asks for it.

use crate::config::ClientConfig;
use crate::crypto::{Failure, Provider};
use crate::extension::{
    Alpn, Extension, Extensions, KeyShare, KeyShareEntry, Padding, SignatureAlgorithms, SupportedGroups,
    SupportedVersions,
};
use crate::message::{ClientHello, ClientHelloFixed, Message};
use crate::wire::numbers::{ExtensionType, NamedGroup, ProtocolVersion, SignatureScheme};
use crate::wire::{CipherSuite, List, Opaque, Vector, grease};
use std::iter;

/// The bytes of an extension before its contents.
const HEADER: usize = 4;

/// The hello, as a message, with the values and in the order that the config wants; `None` if it wants nothing of it.
pub(super) fn shaped(
    config: &ClientConfig,
    provider: &dyn Provider,
    hello: &ClientHello<'_>,
) -> Result<Option<Vec<u8>>, Failure> {
    if !config.grease && !config.shuffle_extensions {
        return Ok(None);
    }
    let mut hello = hello.clone();
    if config.shuffle_extensions {
        shuffle(provider, &mut hello.extensions.list)?;
    }
    match config.grease {
        true => greased(provider, hello).map(Some),
        false => Ok(Some(Message::ClientHello(hello).to_bytes())),
    }
}

/// Any order is as likely as any other. pre_shared_key, which has to stand last, is not there yet.
fn shuffle(provider: &dyn Provider, list: &mut [Extension<'_>]) -> Result<(), Failure> {
    for last in (1..list.len()).rev() {
        let mut random = [0; 8];
        provider.random(&mut random)?;
        let other = u64::from_be_bytes(random) % (last as u64 + 1);
        list.swap(last, other as usize);
    }
    Ok(())
}

/// With a reserved value in front of each list, and reserved extensions in front of and behind the others: one empty, one not.
fn greased(provider: &dyn Provider, hello: ClientHello<'_>) -> Result<Vec<u8>, Failure> {
    let mut random = [0; 7];
    provider.random(&mut random)?;
    let [suite, group, version, scheme, protocol, first, last] = random.map(grease::grease);
    // No extension stands twice.
    let last = if last == first { first ^ 0x1010 } else { last };

    let suites: Vec<CipherSuite> = iter::once(CipherSuite(suite)).chain(hello.fixed.cipher_suites.iter()).collect();
    let groups: Vec<NamedGroup> = match hello.extensions.supported_groups() {
        Some(list) => iter::once(NamedGroup(group)).chain(list.0.iter()).collect(),
        None => Vec::new(),
    };
    let share = KeyShareEntry { group: NamedGroup(group), key_exchange: Opaque(&[0]) };
    let shares: Vec<KeyShareEntry<'_>> = match hello.extensions.key_share() {
        Some(KeyShare::Client(list)) => iter::once(share).chain(list.iter()).collect(),
        _ => Vec::new(),
    };
    let versions: Vec<ProtocolVersion> = match hello.extensions.supported_versions() {
        Some(SupportedVersions::Offered(list)) => iter::once(ProtocolVersion(version)).chain(list.iter()).collect(),
        _ => Vec::new(),
    };
    let schemes: Vec<SignatureScheme> = match hello.extensions.signature_algorithms() {
        Some(list) => iter::once(SignatureScheme(scheme)).chain(list.0.iter()).collect(),
        None => Vec::new(),
    };
    let protocol = protocol.to_be_bytes();

    let others = hello.extensions.list.into_iter().map(|extension| match extension {
        Extension::SupportedGroups(_) => Extension::SupportedGroups(SupportedGroups(List::of(&groups))),
        Extension::KeyShare(_) => Extension::KeyShare(KeyShare::Client(List::of(&shares))),
        Extension::SupportedVersions(_) => {
            Extension::SupportedVersions(SupportedVersions::Offered(List::of(&versions)))
        }
        Extension::SignatureAlgorithms(_) => Extension::SignatureAlgorithms(SignatureAlgorithms(List::of(&schemes))),
        Extension::Alpn(Alpn(list)) => Extension::Alpn(Alpn(iter::once(&protocol[..]).chain(list).collect())),
        other => other,
    });
    let list = iter::once(Extension::Unknown(ExtensionType(first), &[]))
        .chain(others)
        .chain([Extension::Unknown(ExtensionType(last), &[0])])
        .collect();
    let fixed = ClientHelloFixed { cipher_suites: Vector(List::of(&suites)), ..hello.fixed };
    Ok(Message::ClientHello(ClientHello { fixed, extensions: Extensions::of(list) }).to_bytes())
}

/// Adds zeros at the end, so that the message, with so many bytes of pre_shared_key still to come, is as long as the config wants it
/// to be. As some servers choke on an empty extension at the end, there is at least one zero.
pub(super) fn pad(config: &ClientConfig, hello: &mut ClientHello<'_>, to_come: usize) {
    let Some(wanted) = config.pad_hello else { return };
    let length = Message::ClientHello(hello.clone()).to_bytes().len() + to_come;
    if length < wanted.into() {
        let zeros = usize::from(wanted).saturating_sub(length + HEADER).max(1);
        hello.extensions.list.push(Extension::Padding(Padding(zeros)));
    }
}

/// The types of the extensions that a server may answer: those that mean something.
pub(super) fn answerable(hello: &ClientHello<'_>) -> Vec<ExtensionType> {
    hello.extensions.list.iter().map(Extension::kind).filter(|kind| !kind.is_grease()).collect()
}
