//! The TLS 1.3 handshake, both ends in memory.

mod common;

use common::Pair;
use common::certificates::Setup;
use handfast::wire::numbers::ProtocolVersion;

#[test]
fn plain() {
    let (client, server) = Setup::new(ProtocolVersion::TLS1_3).configs();
    let mut pair = Pair::connected(&client, &server);
    pair.assert_agreed();
    pair.exchange(100);
    println!("{:#?} {:#?}", pair.client.trace(), pair.client.negotiated());
}
