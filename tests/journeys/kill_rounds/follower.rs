//! The office's feed through all outages: each event once, none skipped.

use std::{sync::Arc, time::Duration};

use super::ledger::Ledger;
use crate::stack::{Person, text};

/// Reads the feed page by page until the ledger is closed, and then to its end. The positions it saw, in order.
pub async fn follow(office: Person, ledger: Arc<Ledger>) -> Vec<String> {
    let (mut seen, mut after) = (Vec::new(), String::new());
    loop {
        let was_quiet = ledger.is_quiet();
        let batch = office.look(&format!("/v1/events?limit=200{after}")).await;
        let items = batch["items"].as_array().expect("a batch");
        seen.extend(items.iter().map(|event| text(&event["position"])));
        after = format!("&after={}", text(&batch["position"]));
        if items.is_empty() {
            if was_quiet {
                return seen;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
}
