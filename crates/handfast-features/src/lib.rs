//! Nothing but tests: of Handfast without its cargo feature `legacy`, when they are run by themselves (`cargo test -p
//! handfast-features`), and with it when they are run with the whole workspace, where others turn it on. The library's own tests always
//! have it.
