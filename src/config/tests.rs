//! What a configuration says when it is wrong, and what it never says.

use super::*;

const WEBHOOK_KEY: &str = "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE90gIlfNWLXWP5qE7yMRWURzZcXQXGMxcznmg14pFL9rIn1YEcUYUsGQHGM6HD7Eumo9Cp/01zeR2i3MrIN0Dxw==";

fn variables(more: &[(&str, &str)]) -> Vec<(String, String)> {
    let (root, seal) = ("1".repeat(64), "2".repeat(64));
    let required = [
        ("SURV_TOKENS__ROOT_KEY", root.as_str()),
        ("SURV_SECRETS__SEAL_KEY", &seal),
        ("SURV_SENDGRID__API_KEY", "SG.very-secret"),
        ("SURV_SENDGRID__WEBHOOK_PUBLIC_KEY", WEBHOOK_KEY),
    ];
    required.iter().chain(more).map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

fn config(file: Option<&str>, more: &[(&str, &str)]) -> Result<Config, Vec<String>> {
    let sources = Sources::of(file.map(|text| ("surv.toml", text)), variables(more));
    Config::from_sources(&sources).map_err(|problems| problems.0)
}

#[test]
fn what_has_to_be_set_is_enough() {
    let config = config(None, &[]).unwrap();

    assert_eq!(config.database.pool.persona, 6);
    assert_eq!((config.tokens.access_minutes, config.tokens.refresh_days, config.tokens.link_days), (15, 30, 30));
    assert!(config.s3.is_none() && config.redis.url.is_none());
    assert_eq!(
        (config.files.max_bytes, config.files.link_minutes, config.files.clamd.is_none()),
        (20_000_000, 5, true)
    );
    assert_eq!(config.tokens.key_ring().unwrap().signing_key_id(), Some(1));
}

#[test]
fn the_environment_wins_over_the_file_and_the_file_over_the_defaults() {
    let file =
        "[http]\nlisten = '127.0.0.1:1'\ncors_origins = ['https://a.example']\n[worker]\nlisten = '127.0.0.1:2'\n";

    let config = config(Some(file), &[("SURV_HTTP__LISTEN", "[::1]:3")]).unwrap();

    assert_eq!(config.http.listen.to_string(), "[::1]:3");
    assert_eq!(config.worker.listen.to_string(), "127.0.0.1:2");
    assert_eq!(config.http.cors_origins, ["https://a.example"]);
    assert_eq!(config.limits.ip.per_minute, 600);
}

#[test]
fn every_problem_of_every_layer_is_told_at_once() {
    let file = "[htp]\nlisten = '127.0.0.1:1'\n[http]\nlisten = 'nowhere'\n[worker]\nconcurency = 3\nconcurrency = 0\n";
    let wrong = [
        ("SURV_DATABASE__PORT", "700000"),
        ("SURV_DATABASE__PASSWORDS__BOSS", "x"),
        ("SURV_TOKENS__ROOT_KEY", "short"),
        ("SURV_TOKENS__LINK_DAYS", "many"),
        ("SURV_S3__BUCKET", "files"),
        ("SURV_FILES__MAX_MEGAPIXELS", "201"),
        ("SURV_FILES__CLAMD", "nowhere"),
        ("SURV_LOG__FORMAT", "xml"),
        ("SURV_REDIS__URL", "nowhere"),
        ("SURV_LINKS__PORTAL_URL", "https://surv.example"),
        ("SURV_SENDGRID__FROM_DOMAINS", "not a domain"),
        ("SURV_HTPP__LISTEN", "x"),
    ];

    let problems = config(Some(file), &wrong).unwrap_err().join("\n");

    for told in [
        "htp.listen is not a setting (in surv.toml)",
        "http.listen: invalid socket address syntax",
        "worker.concurency is not a setting (in surv.toml)",
        "worker.concurrency has to be from 1",
        "database.port has to be a whole number from 0 to 65535",
        "root key 1 is not 32 bytes of hex",
        "tokens.link_days has to be a whole number (in SURV_TOKENS__LINK_DAYS)",
        "s3.secret_access_key has to be set (in the environment: SURV_S3__SECRET_ACCESS_KEY)",
        "s3.region has to be set",
        "files.max_megapixels has to be from 1 to 200",
        "files.clamd has to be host:port",
        "log.format has to be one of json, pretty",
        "redis.url has to be a redis:// address",
        "links.portal_url needs {slug}",
        "\"not a domain\"",
        "SURV_HTPP__LISTEN is not a setting: there is no htpp.listen",
    ] {
        assert!(problems.contains(told), "{told:?} is not in\n{problems}");
    }
}

#[test]
fn names_of_logins_are_checked_and_variables_of_tests_are_not_settings() {
    let problems = config(None, &[("SURV_DATABASE__PASSWORDS__BOSS", "x")]).unwrap_err();
    assert_eq!(problems, ["database.passwords.boss: there is no login surv_boss_login"]);

    assert!(config(None, &[("SURV_TEST_PG_PORT", "7602"), ("SURV_CONFIG", "x.toml"), ("HOME", "/")]).is_ok());
}

#[test]
fn what_is_missing_is_named_with_its_variable() {
    let problems = Config::from_sources(&Sources::of(None, [])).unwrap_err().0;

    assert_eq!(problems.len(), 4, "{problems:?}");
    assert!(problems[0].contains("tokens.root_key has to be set (in the environment: SURV_TOKENS__ROOT_KEY)"));
}

#[test]
fn a_password_may_look_like_anything() {
    for password in ["12345678", "true", "[x", "{\"", "1e5", " padded ", "a=b,c"] {
        let config = config(None, &[("SURV_DATABASE__PASSWORDS__ADMIN", password)]).unwrap();
        assert_eq!(secrecy::ExposeSecret::expose_secret(&config.database.passwords["admin"]), password);
    }
}

#[test]
fn effective_values_say_where_they_come_from_and_no_secret() {
    let more = [
        ("SURV_DATABASE__PASSWORDS__ADMIN", "hunter2"),
        ("SURV_REDIS__URL", "redis://:hunter2@h/"),
        ("SURV_HTTP__TRUSTED_PROXIES", "10.0.0.0/8, ::1"),
    ];
    let sources = Sources::of(Some(("surv.toml", "[worker]\nconcurrency = 4\n")), variables(&more));

    let text = sources.effective();

    for line in [
        "http.listen = \"127.0.0.1:7400\"  # default",
        "worker.concurrency = 4  # surv.toml",
        "http.trusted_proxies = [\"10.0.0.0/8\", \"::1\"]  # SURV_HTTP__TRUSTED_PROXIES",
        "database.passwords.admin = \"***\"  # SURV_DATABASE__PASSWORDS__ADMIN",
        "tokens.root_key = \"***\"  # SURV_TOKENS__ROOT_KEY",
    ] {
        assert!(text.contains(line), "{line:?} is not in\n{text}");
    }
    for secret in ["hunter2", "very-secret", &"1".repeat(64), &"2".repeat(64)] {
        assert!(!text.contains(secret), "{text}");
    }
    assert!(!format!("{:?}", Config::from_sources(&sources).unwrap()).contains("hunter2"));
}

#[test]
fn a_secret_of_the_wrong_type_is_not_printed() {
    let file = "[secrets]\nseal_key = 4242424242\n[database.passwords]\nadmin = 4343434343\n";
    let sources = Sources::of(Some(("surv.toml", file)), []);

    let problems = Config::from_sources(&sources).unwrap_err().to_string();

    assert!(problems.contains("secrets.seal_key has to be"), "{problems}");
    assert!(!problems.contains("42424242") && !problems.contains("43434343"), "{problems}");
    let broken = Sources::of(Some(("surv.toml", "[secrets]\nseal_key = hunter2\n")), []);
    assert!(!broken.problems().is_empty() && !broken.problems().join("").contains("hunter2"));
}

#[test]
fn the_sender_is_of_a_domain_that_may_send() {
    let problems = config(None, &[("SURV_SENDGRID__FROM_DOMAINS", "a.example, b.example")]).unwrap_err();
    assert_eq!(problems, ["worker.from_address is at surv.example, which sendgrid.from_domains does not name"]);

    let named =
        [("SURV_SENDGRID__FROM_DOMAINS", "a.example, b.example"), ("SURV_WORKER__FROM_ADDRESS", "hello@B.example")];
    assert!(config(None, &named).is_ok());
    assert!(config(None, &[("SURV_WORKER__FROM_ADDRESS", "nobody")]).is_err());
}

#[test]
fn networks_hold_their_addresses() {
    let inside = |network: &str, address: &str| network.parse::<Network>().unwrap().contains(address.parse().unwrap());

    assert!(inside("10.0.0.0/8", "10.255.0.1") && !inside("10.0.0.0/8", "11.0.0.1"));
    assert!(inside("0.0.0.0/0", "8.8.8.8") && inside("192.0.2.1", "::ffff:192.0.2.1"));
    assert!(inside("2001:db8::/32", "2001:db8:1::1") && !inside("::/0", "8.8.8.8"));
    assert!("10.0.0.0/33".parse::<Network>().is_err() && "10.0.0/8".parse::<Network>().is_err());
}

#[test]
fn an_origin_is_one_site() {
    for wrong in ["*", "null", "https://a.example/", "https://a.example/x", "http://a.example", "a.example"] {
        assert!(config(None, &[("SURV_HTTP__CORS_ORIGINS", wrong)]).is_err(), "{wrong}");
    }
    assert!(config(None, &[("SURV_HTTP__CORS_ORIGINS", "https://a.example,http://localhost:5173")]).is_ok());
}
