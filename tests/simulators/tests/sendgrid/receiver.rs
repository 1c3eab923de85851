//! A webhook receiver that keeps what it got and can be told to refuse.

use std::sync::{Arc, Mutex};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use p256::ecdsa::signature::Verifier;
use p256::ecdsa::{Signature, VerifyingKey};
use p256::pkcs8::DecodePublicKey;
use poem::http::StatusCode;
use poem::listener::TcpAcceptor;
use poem::{EndpointExt, Request, Route, Server, handler, web::Data};
use serde_json::Value;

/// One request as it came.
#[derive(Clone)]
pub struct Batch {
    pub body: Vec<u8>,
    pub signature: String,
    pub timestamp: String,
    pub content_type: String,
}

#[derive(Clone, Default)]
pub struct Receiver {
    batches: Arc<Mutex<Vec<Batch>>>,
    refusals: Arc<Mutex<u32>>,
}

impl Receiver {
    /// A receiver that refuses the first so many batches, and its address.
    pub async fn start(refusals: u32) -> (Self, String) {
        let receiver = Self { refusals: Arc::new(Mutex::new(refusals)), ..Self::default() };
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let url = format!("http://{}/inbound", listener.local_addr().expect("its address"));
        let acceptor = TcpAcceptor::from_tokio(listener).expect("an acceptor");
        let app = Route::new().at("/inbound", poem::post(take)).data(receiver.clone());
        tokio::spawn(Server::new_with_acceptor(acceptor).run(app));
        (receiver, url)
    }

    pub fn batches(&self) -> Vec<Batch> {
        self.batches.lock().expect("not poisoned").clone()
    }

    /// The `event` of everything received, in order.
    pub fn kinds(&self) -> Vec<String> {
        self.batches()
            .iter()
            .flat_map(Batch::events)
            .map(|event| event["event"].as_str().expect("a kind").to_owned())
            .collect()
    }
}

impl Batch {
    pub fn events(&self) -> Vec<Value> {
        serde_json::from_slice(&self.body).expect("a JSON array")
    }

    pub fn is_signed_by(&self, public_key: &str) -> bool {
        let der = STANDARD.decode(public_key).expect("base64");
        let key = VerifyingKey::from_public_key_der(&der).expect("a P-256 key");
        let signature = Signature::from_der(&STANDARD.decode(&self.signature).expect("base64")).expect("DER");
        key.verify(&[self.timestamp.as_bytes(), &self.body].concat(), &signature).is_ok()
    }
}

#[handler]
async fn take(request: &Request, body: Vec<u8>, Data(receiver): Data<&Receiver>) -> StatusCode {
    let header = |name: &str| request.header(name).unwrap_or_default().to_owned();
    let batch = Batch {
        body,
        signature: header("X-Twilio-Email-Event-Webhook-Signature"),
        timestamp: header("X-Twilio-Email-Event-Webhook-Timestamp"),
        content_type: header("Content-Type"),
    };
    let mut refusals = receiver.refusals.lock().expect("not poisoned");
    if *refusals > 0 {
        *refusals -= 1;
        return StatusCode::SERVICE_UNAVAILABLE;
    }
    receiver.batches.lock().expect("not poisoned").push(batch);
    StatusCode::NO_CONTENT
}
