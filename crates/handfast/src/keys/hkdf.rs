//! HKDF-Extract and HKDF-Expand-Label (RFC 5869, RFC 9846 7.1).
