//! The tool as it is built, run as its users run it.

mod bytes;
mod cert;
mod codes;
mod compression;
mod demo;
mod early;
mod failures;
mod fallback;
mod hang_up;
mod json;
mod material;
mod old_certificates;
mod psk;
mod raw_keys;
mod readme;
mod reload;
mod renegotiation;
mod run;
mod serve;
mod shape;
mod streams;
mod trust;
mod usage;
mod weaknesses;
