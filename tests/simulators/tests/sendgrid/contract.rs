//! The schema that the simulator carries is the vendor's, and its answers keep the vendor's form.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use surv_simulators::{Schema, contract};

use super::{LIMIT, get, mail_to, send, send_to, start};

fn document(name: &str) -> Value {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let dir: PathBuf = contract::directory(here).expect("shared/contracts beside the repository, or SURV_CONTRACTS");
    contract::read(&dir, name).expect("the document")
}

#[test]
fn the_embedded_schema_is_the_contracts_without_its_talk() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/sendgrid/mail_send.schema.json");
    let expected =
        contract::request_schema(&document("sendgrid/mail_v3.json"), "/v3/mail/send", "post").expect("a schema");
    if std::env::var_os("UPDATE_EXPECTED").is_some() {
        std::fs::write(&file, serde_json::to_string_pretty(&expected).expect("JSON") + "\n").expect("writable");
    }

    let embedded: Value = serde_json::from_slice(&std::fs::read(&file).expect("the file")).expect("JSON");

    assert!(embedded == expected, "run this test with UPDATE_EXPECTED=1");
    Schema::new(embedded).expect("no keyword goes unchecked");
}

#[tokio::test]
async fn the_vendors_own_example_without_a_template_is_taken() {
    let document = document("sendgrid/mail_v3.json");
    let examples = &document["components"]["requestBodies"]["PostMailSend"]["content"]["application/json"]["examples"];
    let mut example = examples["MailSendNoTemplate"]["value"].clone();
    // Its second block sends from an object before `to`; the order of keys is of no importance.
    example["send_at"] = json!(1_617_260_400);
    let running = start(None).await;

    let answer = send(&running, &example).await.expect("an answer");

    assert_eq!(answer.status(), 202, "{}", answer.text().await.unwrap_or_default());
}

#[tokio::test]
async fn refusals_and_bounces_have_the_documents_form() {
    let running = start(None).await;
    let refusal: Value = send(&running, &json!({})).await.expect("an answer").json().await.expect("JSON");
    send_to(&running, "bounce@example.com").await;
    assert!(running.sendgrid().settled(LIMIT).await);
    let bounces: Value = get(&running, "/sendgrid/v3/suppression/bounces").await.json().await.expect("JSON");

    let mut error = contract::named_schema(&document("sendgrid/mail_v3.json"), "ErrorResponse").expect("a schema");
    // The document calls `help` an object; the vendor has always answered a text or null.
    error["properties"]["errors"]["items"]["properties"]["help"] = json!({"type": "string", "nullable": true});
    let problems = Schema::new(error).expect("supported").problems(&refusal);
    assert!(problems.is_empty(), "{problems:?}");
    let bounce =
        contract::named_schema(&document("sendgrid/suppressions_v3.json"), "BounceResponse").expect("a schema");
    assert_eq!(bounces.as_array().map(Vec::len), Some(1));
    let problems = Schema::new(bounce).expect("supported").problems(&bounces[0]);
    assert!(problems.is_empty(), "{problems:?}");
}

#[test]
fn the_wire_vector_of_the_vendor_is_valid() {
    let wire = document("sendgrid/wire.json");
    let schema = Schema::request_body(&document("sendgrid/mail_v3.json"), "/v3/mail/send", "post").expect("supported");

    assert!(schema.problems(&wire[0]["json"]).is_empty());
    assert!(!schema.problems(&json!({"from": 1})).is_empty());
    assert!(schema.problems(&mail_to("a@b.example")).is_empty());
}
