//! handfast-tokio
