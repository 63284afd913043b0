//! Old forms of certificates, which webpki does not have: signatures over SHA-1 and MD5, short RSA keys, common names, X.509 version 1.

mod algorithms;
mod common_name;
mod version1;

pub(super) use algorithms::algorithms;
pub(super) use common_name::stands_for;
pub(super) use version1::{is_version_1, path};

#[cfg(test)]
mod tests;
