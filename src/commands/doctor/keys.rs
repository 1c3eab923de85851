//! Keys: whether they parse, and which public keys others need to verify our tokens. Never a secret one.

use surv_tenancy::{secrets::SecretsConfig, token::TokensConfig};

use crate::config::Sources;

use super::Finding;

pub fn examine(sources: &Sources) -> Vec<Finding> {
    let mut findings = Vec::new();
    if let Ok(tokens) = sources.extract::<TokensConfig>("tokens") {
        findings.extend(match tokens.key_ring() {
            Ok(ring) => {
                let signing = ring.signing_key_id();
                let name = |id: u32| format!("{} key {id}", if signing == Some(id) { "signing" } else { "retired" });
                ring.public_keys().map(|(id, key)| Finding::fine(&name(id), format!("public key {key}"))).collect()
            }
            Err(error) => {
                let repair =
                    "set SURV_TOKENS__ROOT_KEY to the 64 digits that signed so far (new: openssl rand -hex 32)";
                vec![Finding::broken("signing key", error.to_string(), repair)]
            }
        });
    }
    if let Ok(secrets) = sources.extract::<SecretsConfig>("secrets") {
        let repair = "set SURV_SECRETS__SEAL_KEY to the 64 digits that sealed so far (new: openssl rand -hex 32)";
        findings.extend(Finding::each("seal key", "fits", secrets.problems(), repair));
    }
    findings
}
