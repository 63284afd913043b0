//! handfast-legacy
