//! How each table is probed. Names in braces are ids (`probe.rs`).

/// One table.
#[derive(Debug)]
pub struct Table {
    pub name: &'static str,
    /// Conditions that find the row; a later one is for roles that may not read a column of the first.
    pub keys: &'static [&'static str],
    /// Changes, tried until one is granted.
    pub set: &'static [&'static str],
    /// Columns and values of a new row.
    pub insert: &'static str,
}

macro_rules! tables {
    ($($name:ident: $keys:expr, $set:expr, $insert:expr;)*) => {
        pub const ALL: &[Table] =
            &[$(Table { name: stringify!($name), keys: &$keys, set: &$set, insert: $insert },)*];
    };
}

tables! {
    tenants: ["tenant_id = '{t}'"], ["version = 2", "state = 'closed'"],
        "(tenant_id, slug, name, time_zone) VALUES (gen_random_uuid(), 'a-new-one', 'New', 'UTC')";
    tenant_branding: ["tenant_id = '{t}'"], ["version = 2"],
        "(tenant_id, display_name) VALUES ('{t}', 'New')";
    users: ["user_id = '{me}'"], ["password_hash = 'x'", "email = 'x@example.com'"],
        "(user_id, email) VALUES (gen_random_uuid(), 'x@example.com')";
    recovery_codes: ["user_id = '{me}'"], ["used_at = now()", "code_hash = 'x'"],
        "(user_id, code_hash) VALUES ('{me}', '\\x02')";
    email_challenges: ["challenge_id = '{challenge}'"], ["used_at = now()", "user_id = '{me}'"],
        "(challenge_id, kind, user_id, secret_hash, expires_at) VALUES (gen_random_uuid(), 'login_code', '{me}', '', now())";
    sign_ups: ["sign_up_id = '{sign_up}'"], ["expires_at = now()", "slug = 'x'"],
        "(sign_up_id, email, password_hash, name, company, slug, time_zone, secret_hash, expires_at)
         VALUES (gen_random_uuid(), 'x', 'x', 'x', 'x', 'x', 'x', '', now())";
    kept_outcomes: ["key_hash = sha256('outcome {n}')"], ["sealed = ''"],
        "(key_hash, request_hash, sealed, created_at) VALUES (sha256('new'), sha256('request'), '', now())";
    members: ["user_id = '{me}' AND tenant_id = '{t}'", "role = 'technician' AND tenant_id = '{t}'"],
        ["role = 'admin'", "name = 'x'", "version = 2"],
        "(tenant_id, user_id, role, name) VALUES ('{t}', '{contact}', 'admin', 'New')";
    invitations: ["invitation_id = '{invitation}'"], ["revoked_at = now()", "accepted_at = now()", "role = 'admin'"],
        "(tenant_id, invitation_id, email, name, role, secret_hash, invited_by, expires_at)
         VALUES ('{t}', gen_random_uuid(), 'new@example.com', 'New', 'admin', '', '{me}', now())";
    sessions: ["session_id = '{session}'"], ["ended_at = now(), ended_reason = 'ended'", "role = 'admin'"],
        "(tenant_id, session_id, user_id, kind, role, expires_at)
         VALUES ('{t}', gen_random_uuid(), '{me}', 'browser', 'admin', now())";
    refresh_tokens: ["session_id = '{session}'"], ["used_at = now()", "token_hash = 'x'"],
        "(tenant_id, session_id, token_hash, expires_at) VALUES ('{t}', '{session}', '\\x02', now())";
    revoked_tokens: ["revocation_id = decode(repeat('0{n}', 64), 'hex') AND tenant_id = '{t}'"],
        ["expires_at = now()", "revoked_by = '{me}'"],
        "(tenant_id, revocation_id, revoked_by, expires_at) VALUES ('{t}', decode(repeat('ff', 64), 'hex'), '{me}', now())";

    customers: ["customer_id = '{customer}'"], ["version = 2", "office_notes = 'x'"],
        "(tenant_id, customer_id, kind, name) VALUES ('{t}', gen_random_uuid(), 'person', 'New')";
    customer_words: ["customer_id = '{customer}'"], ["word = 'x'"],
        "(tenant_id, word, customer_id) VALUES ('{t}', 'new', '{customer}')";
    contacts: ["customer_id = '{customer}'"], ["version = 2", "office_notes = 'x'"],
        "(tenant_id, contact_id, customer_id, name) VALUES ('{t}', gen_random_uuid(), '{customer}', 'New')";
    customer_users: ["user_id = '{contact}'"], ["version = 2", "customer_id = '{customer}'"],
        "(tenant_id, user_id, customer_id, email, name) VALUES ('{t}', '{me}', '{customer}', 'x', 'New')";
    properties: ["property_id = '{property}'"], ["version = 2", "customer_id = '{customer}'"],
        "(tenant_id, property_id, customer_id, street, city, country, time_zone)
         VALUES ('{t}', gen_random_uuid(), '{customer}', 'x', 'x', 'AT', 'UTC')";

    counters: ["tenant_id = '{t}'"], ["last_value = 9"],
        "(tenant_id, series, last_value) VALUES ('{t}', 'job', 1)";
    jobs: ["job_id = '{job}'"], ["version = 2", "office_notes = 'x'"],
        "(tenant_id, job_id, number, customer_id, property_id, title)
         VALUES ('{t}', gen_random_uuid(), 99, '{customer}', '{property}', 'New')";
    visits: ["visit_id = '{visit}'"], ["version = 2", "starts_at = now()"],
        "(tenant_id, visit_id, job_id, customer_id, property_id, starts_at, ends_at, window_start, window_end, time_zone)
         VALUES ('{t}', gen_random_uuid(), '{job}', '{customer}', '{property}', '2027-01-01', '2027-01-01 01:00', '2027-01-01',
                 '2027-01-02', 'UTC')";
    assignments: ["visit_id = '{visit}'"], ["version = 2", "technician_id = '{technician}'"],
        "(tenant_id, visit_id, technician_id, technician_name, job_id, customer_id, property_id, starts_at, ends_at, state)
         SELECT '{t}', '{visit}', '00000000-0002-4000-8000-000000000008', 'x', '{job}', '{customer}', '{property}',
                '2026-12-01 08:00Z'::timestamptz + {n} * interval '3 hours',
                '2026-12-01 09:00Z'::timestamptz + {n} * interval '3 hours', 'assigned'";
    notes: ["note_id = '{note}'"], ["body = 'x'"],
        "(tenant_id, note_id, job_id, customer_id, property_id, author_id, author_name, body, visibility)
         VALUES ('{t}', gen_random_uuid(), '{job}', '{customer}', '{property}', '{me}', 'x', 'x', 'customer')";
    files: ["file_id = '{file}'"], ["version = 2", "width = 2", "uploader_id = '{me}'"],
        "(tenant_id, file_id, purpose, job_id, customer_id, property_id, visibility, uploader_id, uploader_name, name,
          declared_type, declared_bytes, declared_sha256, upload_until)
         VALUES ('{t}', gen_random_uuid(), 'job_photo', '{job}', '{customer}', '{property}', 'customer', '{me}', 'x', 'x',
                 'image/png', 1, sha256('x'), now())";
    upload_counts: ["tenant_id = '{t}'"], ["uploads = 9"],
        "(tenant_id, counted_on, uploads, bytes) VALUES ('{t}', '2027-01-01', 1, 1)";

    events: ["event_id = '{event}'"], ["visibility = 'office'", "changes = '{}'"],
        "(tenant_id, event_id, at, actor_id, actor_role, kind, subject_kind, subject_id, visibility)
         VALUES ('{t}', gen_random_uuid(), now(), '{me}', split_part(current_user, '_', 2), 'note.added', 'job', '{job}', 'office')";
    audit_entries: ["seq = {n} AND tenant_id = '{t}'"], ["hash = sha256('x')", "seq = 9"],
        "(tenant_id, seq, txid, event_id, previous_hash, hash) VALUES ('{t}', 9, 1, '{event}', sha256('x'), sha256('x'))";
    audit_heads: ["tenant_id = '{t}'"], ["seq = 9"],
        "(tenant_id, seq, txid, event_id, hash) VALUES ('{t}', 9, 1, '{event}', sha256('x'))";

    tasks: ["task_id = '{task}'", "kind = 'send_email' AND tenant_id = '{t}'"], ["run_at = now()", "payload = '{}'"],
        "(tenant_id, task_id, kind, payload, actor_id) VALUES ('{t}', gen_random_uuid(), 'notify_on_the_way', '{}', '{me}')";
    idempotency_keys: ["actor_id = '{me}' AND tenant_id = '{t}'"], ["etag = 'x'", "request_hash = sha256('x')"],
        "(tenant_id, actor_id, key_hash, request_hash) VALUES ('{t}', '{me}', sha256('new'), sha256('x'))";
    messages: ["message_id = '{message}'"], ["settled_at = now()", "recipient = 'x'"],
        "(tenant_id, message_id, channel, template, recipient, customer_id, job_id)
         VALUES ('{t}', gen_random_uuid(), 'email', 'x', 'x', '{customer}', '{job}')";
    webhook_inbox: ["event_ref = 'ref-{n}' AND tenant_id = '{t}'"], ["done_at = now()", "payload = '{}'"],
        "(tenant_id, provider, event_ref, payload) VALUES ('{t}', 'sendgrid', 'new', '{}')";
    webhook_channels: ["provider = 'sendgrid'"], ["heard_at = now()", "provider = 'x'"],
        "(provider) VALUES ('sendgrid')";
}
