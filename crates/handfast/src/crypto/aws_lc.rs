//! The default provider.
use super::Provider;
use std::sync::Arc;
/// The default provider: AWS-LC.
pub fn provider() -> Arc<dyn Provider> {
    todo!()
}
