//! A company's life from sign-up on, with a canary in every field, and with everything that people get wrong.

use serde_json::{Value, json};
use surv_simulators::sendgrid::SentMail;
use surv_tests::Answer;
use totp_rs::{Builder, Secret};

use super::canaries::Canaries;
use crate::stack::{Api, SERVING, Stack, text, uuid};

/// Goes through all of it; the answers that refuse something are kept.
pub struct Walk<'a> {
    pub stack: &'a Stack,
    pub api: Api,
    pub canaries: Canaries,
    pub refusals: Vec<String>,
}

impl<'a> Walk<'a> {
    pub fn new(stack: &'a Stack) -> Self {
        Self { stack, api: stack.api(), canaries: Canaries::default(), refusals: Vec::new() }
    }

    /// Sends a body without a log-in.
    async fn ask(&self, path: &str, body: Value) -> Answer {
        self.api.call("POST", path).json(&body).send().await
    }

    fn refused(&mut self, what: &str, answer: &Answer) {
        assert!((400..500).contains(&answer.status), "{what}: {}", answer.text);
        self.refusals.push(answer.text.clone());
    }

    /// Asks for a mail and takes the secret out of its link, which is behind `#`: no server ever sees it.
    async fn mailed(
        &mut self,
        what: &str,
        to: &str,
        path: &str,
        body: Value,
        token: Option<&str>,
    ) -> (String, SentMail) {
        let before = self.stack.vendors.sendgrid().sent_to(to).len();
        let call = self.api.call("POST", path).json(&body);
        let call = match token {
            Some(token) => call.token(token).key(&what.replace(' ', "-")),
            None => call,
        };
        let answer = call.send().await;
        assert!(answer.is_success(), "{what}: {}", answer.text);
        let mails = self.stack.vendors.sendgrid().wait_for(to, before + 1, SERVING).await;
        let mail = mails.get(before).unwrap_or_else(|| panic!("no mail of {what}")).clone();
        let link = mail.text().split_whitespace().find(|word| word.starts_with("http") && word.contains('#'));
        let link = link.unwrap_or_else(|| panic!("{what} has a link with a fragment: {}", mail.text()));
        let (address, secret) = link.split_once('#').expect("found by it");
        assert!(!address.contains('?') && address.len() < 80, "{address}");
        (self.canaries.secret(what, secret), mail)
    }

    /// A company that did not exist, its admin with a second factor, and what they get wrong. Their access token.
    pub async fn sign_up(&mut self) -> String {
        let email = self.canaries.personal("the admin's address", "canaryadmin@canarymail.example");
        let name = self.canaries.personal("the admin's name", "Canaryfirst Canarylast");
        let password = self.canaries.secret("the first password", "canary-password-one-5521");
        let body = json!({ "email": email, "password": password, "name": name, "company": "Aviary", "slug": "aviary",
            "time_zone": "Europe/Vienna" });
        let (secret, _) = self.mailed("the sign-up's secret", &email, "/v1/auth/sign-up", body, None).await;
        let confirmed = self.ask("/v1/auth/sign-up/confirm", json!({ "secret": secret })).await;
        assert!(confirmed.is_success(), "{}", confirmed.text);

        let wrong = self.canaries.secret("a wrong password", "canary-wrong-password-9077");
        let answer = self.ask("/v1/auth/log-in", json!({ "email": email, "password": wrong })).await;
        self.refused("a wrong password", &answer);
        let (first, _) = self.log_in(&email, &password).await;
        let (token, codes) = self.second_factor(&first, &email, &password).await;
        let wish = json!({ "email": email });
        let (reset, _) = self.mailed("the reset's secret", &email, "/v1/auth/password-reset", wish, None).await;
        let short = self.canaries.secret("a short password", "canar-y7");
        let answer = self.ask("/v1/auth/password-reset/confirm", json!({ "secret": reset, "password": short })).await;
        self.refused("a short password", &answer);
        let next = self.canaries.secret("the second password", "canary-password-two-8834");
        let done = self.ask("/v1/auth/password-reset/confirm", json!({ "secret": reset, "password": next })).await;
        assert!(done.is_success(), "{}", done.text);
        let answer = self.api.call("GET", "/v1/customers").token(&token).send().await;
        self.refused("a session that the reset has ended", &answer);
        self.with_recovery_code(&email, &next, &codes[0]).await
    }

    async fn log_in(&mut self, email: &str, password: &str) -> (String, String) {
        let answer = self.ask("/v1/auth/log-in", json!({ "email": email, "password": password })).await.json(200);
        self.tokens(&answer)
    }

    fn tokens(&mut self, answer: &Value) -> (String, String) {
        (
            self.canaries.secret("an access token", &text(&answer["access_token"])),
            self.canaries.secret("a refresh token", &text(&answer["refresh_token"])),
        )
    }

    async fn second_factor(&mut self, token: &str, email: &str, password: &str) -> (String, Vec<String>) {
        let made = self.api.call("POST", "/v1/sessions/second-factor").token(token).expect(200).await;
        let key = self.canaries.secret("the authenticator's key", &text(&made["secret"]));
        let totp = Builder::new().with_secret(Secret::try_from_base32(&key).expect("base32")).build().expect("a key");
        let code = json!({ "code": totp.generate_current().to_string() });
        let confirm = self.api.call("POST", "/v1/sessions/second-factor/confirm").token(token).json(&code);
        let codes = confirm.expect(200).await["codes"].as_array().expect("codes").iter().map(text).collect::<Vec<_>>();
        for code in &codes {
            self.canaries.secret("a recovery code", code);
        }
        (self.with_recovery_code(email, password, &codes[1]).await, codes)
    }

    async fn with_recovery_code(&mut self, email: &str, password: &str, code: &str) -> String {
        let first = self.ask("/v1/auth/log-in", json!({ "email": email, "password": password })).await.json(200);
        let challenge = self.canaries.secret("a challenge", &text(&first["challenge"]));
        let wrong = self.canaries.secret("a wrong code", "canar-ycode");
        let answer = self.ask("/v1/auth/second-step", json!({ "challenge": challenge, "code": wrong })).await;
        self.refused("a wrong code", &answer);
        let answer = self.ask("/v1/auth/second-step", json!({ "challenge": challenge, "code": code })).await.json(200);
        let (access, refresh) = self.tokens(&answer);
        let next = self.ask("/v1/auth/refresh", json!({ "refresh_token": refresh })).await.json(200);
        self.tokens(&next);
        access
    }

    /// Customer, place, job, note, their log-in and a link to the job; the office searches and mistypes.
    pub async fn trade(&mut self, admin: &str) {
        let name = self.canaries.personal("the customer's name", "Canarycustomer Plumage");
        let email = self.canaries.personal("the customer's address", "canarycustomer@canarymail.example");
        let phone = self.canaries.personal("the customer's phone", "+436601234987");
        let notes = self.canaries.personal("the office's notes", "Canarynotes owes us a perch");
        let street = self.canaries.personal("the street", "Canarystreet 17b");
        let access = self.canaries.personal("the access notes", "Canarykey under the feeder");
        let body = json!({ "kind": "person", "name": name, "email": email, "phone": phone, "office_notes": notes });
        let customer = self.post(admin, "/v1/customers", "c1", body).await;
        let id = uuid(&customer["id"]);
        let body = json!({ "street": street, "city": "Vienna", "country": "AT", "time_zone": "Europe/Vienna",
            "access_notes": access });
        let property = self.post(admin, &format!("/v1/customers/{id}/properties"), "p1", body).await;
        let title = self.canaries.personal("the job's title", "Canarytitle cage repair");
        let body = json!({ "customer_id": id, "property_id": property["id"], "title": title, "office_notes": notes,
            "description": notes });
        let job = self.post(admin, "/v1/jobs", "j1", body).await;
        let job_id = uuid(&job["id"]);
        let note = self.canaries.personal("a note", "Canarynote the perch is loose");
        let body = json!({ "body": note, "visibility": "customer" });
        self.post(admin, &format!("/v1/jobs/{job_id}/notes"), "n1", body).await;
        let body = json!({ "email": email, "name": name });
        let user = self.post(admin, &format!("/v1/customers/{id}/users"), "u1", body).await;
        for search in ["Canarycustomer", "canarycustomer@canarymail.example", "%2B436601234987"] {
            self.api.call("GET", &format!("/v1/customers?q={search}")).token(admin).expect(200).await;
        }

        let wish = json!({ "job_id": job_id, "user_id": user["user_id"] });
        let (link, _) = self.mailed("the link's token", &email, "/v1/links", wish, Some(admin)).await;
        self.api.call("GET", "/v1/portal/jobs").token(&link).expect(200).await;
        let wish = json!({ "company": "aviary", "email": email });
        let (secret, mail) = self.mailed("the code's link", &email, "/v1/auth/code", wish, None).await;
        let code =
            mail.text().split_whitespace().find(|word| word.len() == 6 && word.bytes().all(|b| b.is_ascii_digit()));
        assert!(code.is_some(), "{}", mail.text());
        let answer = self.ask("/v1/auth/code/redeem", json!({ "secret": secret })).await.json(200);
        let (customer_token, refresh) = self.tokens(&answer);
        self.api.call("GET", "/v1/portal/jobs").token(&customer_token).expect(200).await;
        self.ask("/v1/auth/refresh", json!({ "refresh_token": refresh })).await.json(200);
        let again = self.ask("/v1/auth/refresh", json!({ "refresh_token": refresh })).await;
        self.refused("a refresh token used twice", &again);

        let email = self.canaries.personal("the invited address", "canaryinvited@canarymail.example");
        let wish = json!({ "email": email, "name": name, "role": "technician" });
        let (secret, _) = self.mailed("the invitation's secret", &email, "/v1/invitations", wish, Some(admin)).await;
        let wish = json!({ "email": email, "name": name, "role": "manager" });
        let again = self.api.call("POST", "/v1/invitations").token(admin).key("again").json(&wish).send().await;
        self.refused("an invitation that is open", &again);
        self.ask("/v1/auth/invitation", json!({ "secret": secret })).await.json(200);
        let password = self.canaries.secret("the technician's password", "canary-password-tec-3310");
        let accepted = self.ask("/v1/auth/invitation/accept", json!({ "secret": secret, "password": password })).await;
        assert!(accepted.is_success(), "{}", accepted.text);
        let narrowed = surv_tests::TestApp::for_job(admin, job_id);
        self.canaries.secret("a token narrowed offline", &narrowed);
        let revoke = self.api.call("POST", "/v1/tokens/revoke").token(admin).json(&json!({ "token": narrowed }));
        revoke.expect(204).await;
    }

    async fn post(&self, token: &str, path: &str, key: &str, body: Value) -> Value {
        self.api.call("POST", path).token(token).key(key).json(&body).expect(201).await
    }

    /// Secrets and names where they do not belong: in addresses, in headers, in bodies that cannot be read.
    pub async fn mistakes(&mut self, admin: &str) {
        let secret = self.canaries.secret("a secret in the wrong place", "Canary-misplaced-token-66193");
        let name = self.canaries.personal("a name in the wrong place", "Canarymisplaced");
        let get = |path: String| self.api.call("GET", &path).token(admin).send();
        let mut answers = vec![
            get(format!("/v1/customers/{secret}")).await,
            get(format!("/v1/{name}/{secret}/x")).await,
            get(format!("/v1/customers?cursor={secret}")).await,
            get(format!("/v1/customers?limit={secret}")).await,
            get(format!("/v1/events?after={secret}&q={name}")).await,
            self.api.call("GET", "/v1/customers").token(&secret).send().await,
        ];
        let post = |body: &str| {
            self.api.call("POST", "/v1/customers").token(admin).body("application/json", body.as_bytes()).send()
        };
        for body in [
            format!("{{\"kind\": \"{secret}\", \"name\": \"{name}\"}}"),
            format!("{{\"kind\": \"person\", \"name\": \"{name}\\u0000\"}}"),
            format!("{{\"kind\": \"person\", \"name\": \"{name}\", \"nick\": \"{secret}\"}}"),
            format!("{{\"kind\": \"person\", \"name\": \"{name}\", \"email\": \"{secret}\"}}"),
            format!("{{\"password\": \"{secret}\", \"name\": \"{name}\""),
        ] {
            answers.push(post(&body).await);
        }
        let key = self.api.call("POST", "/v1/customers").token(admin).header("idempotency-key", &format!("{secret} x"));
        answers.push(key.json(&json!({ "kind": "person", "name": name })).send().await);
        for answer in answers {
            self.refused("a mistake", &answer);
        }
    }

    /// The database goes in the middle of writes, so that every kind of failure is logged.
    pub fn writes(&mut self, admin: &str) -> tokio::task::JoinSet<surv_tests::Answer> {
        let name = self.canaries.personal("a name that is written when the database goes", "Canarylost Feather");
        let body = json!({ "kind": "person", "name": name, "email": "canarylost@canarymail.example" });
        let mut writes = tokio::task::JoinSet::new();
        for number in 0..40 {
            let call = self.api.call("POST", "/v1/customers").token(admin).key(&format!("lost{number}")).json(&body);
            writes.spawn(call.send());
        }
        writes
    }
}
