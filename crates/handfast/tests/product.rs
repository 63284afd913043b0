//! Both ends over the whole product of versions, suites, groups, certificates, resumption and client certificates.

mod common;

use common::Pair;
use common::certificates::Setup;
use handfast::wire::numbers::ProtocolVersion;

#[test]
fn each_version() {
    for version in [ProtocolVersion::TLS1_0, ProtocolVersion::TLS1_2, ProtocolVersion::TLS1_3] {
        let (client, server) = Setup::new(version).configs();
        let mut pair = Pair::connected(&client, &server);
        pair.assert_agreed();
        pair.exchange(100);
        assert_eq!(pair.client.negotiated().version, Some(version));
    }
}
