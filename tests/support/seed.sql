-- One company of the two. {n} is its number; ids are told by company, kind and number (company.rs), 0 is "both".
-- Row 1 of each kind belongs to technician 1 and customer user 1, row 2 to technician 2 and customer user 2.
CREATE OR REPLACE FUNCTION pg_temp.id(company int, kind text, number int) RETURNS uuid LANGUAGE sql AS $$
    SELECT format('%s-%s-4000-8000-%s', lpad(to_hex(company), 8, '0'),
                  lpad(to_hex(array_position(ARRAY['tenant', 'user', 'customer', 'property', 'job', 'visit', 'note',
                       'event', 'task', 'session', 'message', 'invitation', 'challenge', 'sign_up', 'contact',
                       'file'], kind)), 4, '0'),
                  lpad(to_hex(number), 12, '0'))::uuid $$;
CREATE OR REPLACE FUNCTION pg_temp.my(kind text, number int) RETURNS uuid LANGUAGE sql AS
    $$ SELECT pg_temp.id({n}, kind, number) $$;
CREATE OR REPLACE FUNCTION pg_temp.tenant() RETURNS uuid LANGUAGE sql AS $$ SELECT pg_temp.my('tenant', 1) $$;

INSERT INTO tenants (tenant_id, slug, name, time_zone)
VALUES (pg_temp.tenant(), 'company-{n}', 'Company {n}', 'Europe/Vienna');
INSERT INTO tenant_branding (tenant_id, display_name) VALUES (pg_temp.tenant(), 'Company {n}');

-- 1 admin, 2 manager, 3 and 4 technicians, 5 to 7 customers' users; 8 is a technician of both companies.
INSERT INTO users (user_id, email, password_hash)
SELECT pg_temp.my('user', u), format('user%s@company{n}.example', u), 'hash' FROM generate_series(1, 7) u;
INSERT INTO users (user_id, email, password_hash) VALUES (pg_temp.id(0, 'user', 8), 'both@example.com', 'hash')
ON CONFLICT DO NOTHING;
INSERT INTO recovery_codes (user_id, code_hash) SELECT pg_temp.my('user', u), '\x01' FROM generate_series(1, 7) u;
INSERT INTO email_challenges (challenge_id, kind, user_id, tenant_id, secret_hash, expires_at)
SELECT pg_temp.my('challenge', u), 'password_reset', pg_temp.my('user', u), pg_temp.tenant(), '\x01', now() + interval '1 hour'
  FROM generate_series(1, 2) u;
INSERT INTO sign_ups (sign_up_id, email, password_hash, name, company, slug, time_zone, secret_hash, expires_at)
VALUES (pg_temp.my('sign_up', 1), 'new@company{n}.example', 'hash', 'New', 'New', 'new-{n}', 'UTC', '\x01', now());
INSERT INTO kept_outcomes (key_hash, request_hash, sealed, created_at)
VALUES (sha256('outcome {n}'), sha256('request'), '\x01', now());
INSERT INTO members (tenant_id, user_id, role, name)
SELECT pg_temp.tenant(), pg_temp.my('user', u), (ARRAY['admin', 'manager', 'technician', 'technician'])[u], format('Member %s', u)
  FROM generate_series(1, 4) u;
INSERT INTO members (tenant_id, user_id, role, name)
VALUES (pg_temp.tenant(), pg_temp.id(0, 'user', 8), 'technician', 'Member 8');
INSERT INTO invitations (tenant_id, invitation_id, email, name, role, secret_hash, invited_by, expires_at)
SELECT pg_temp.tenant(), pg_temp.my('invitation', i), format('invited%s@example.com', i), 'Invited', 'technician', '\x01',
       pg_temp.my('user', 1), now() + interval '7 days' FROM generate_series(1, 2) i;

-- Session n is user n's; 9 is a link sent to customer user 1.
INSERT INTO sessions (tenant_id, session_id, user_id, kind, role, expires_at)
SELECT pg_temp.tenant(), pg_temp.my('session', u), pg_temp.my('user', u), 'browser',
       (ARRAY['admin', 'manager', 'technician', 'technician', 'customer', 'customer', 'customer'])[u], now() + interval '10 years'
  FROM generate_series(1, 7) u;
INSERT INTO sessions (tenant_id, session_id, user_id, kind, role, expires_at) VALUES
    (pg_temp.tenant(), pg_temp.my('session', 8), pg_temp.id(0, 'user', 8), 'browser', 'technician', now() + interval '10 years'),
    (pg_temp.tenant(), pg_temp.my('session', 9), pg_temp.my('user', 5), 'link', 'customer', now() + interval '10 years');
INSERT INTO refresh_tokens (tenant_id, session_id, token_hash, expires_at)
SELECT pg_temp.tenant(), pg_temp.my('session', u), '\x01', now() + interval '10 years' FROM generate_series(1, 8) u;
INSERT INTO revoked_tokens (tenant_id, revocation_id, revoked_by, expires_at)
SELECT pg_temp.tenant(), decode(repeat(lpad(r::text, 2, '0'), 64), 'hex'), pg_temp.my('user', r), now() + interval '1 day'
  FROM generate_series(1, 2) r;

-- Customer 2 has two users; user 7 stands for two customers; user 5 stood for customer 3 once.
INSERT INTO customers (tenant_id, customer_id, kind, name, email, phone, office_notes)
SELECT pg_temp.tenant(), pg_temp.my('customer', c), 'person', format('Customer %s', c), 'same@example.com', '+43123456789', 'secret'
  FROM generate_series(1, 3) c;
INSERT INTO contacts (tenant_id, contact_id, customer_id, name, email, phone, is_primary, office_notes)
SELECT pg_temp.tenant(), pg_temp.my('contact', c), pg_temp.my('customer', c), format('Contact %s', c), 'contact@example.com', '+43123456780', false, 'secret'
  FROM generate_series(1, 3) c;
INSERT INTO customer_users (tenant_id, user_id, customer_id, email, name, state)
SELECT pg_temp.tenant(), pg_temp.my('user', u), pg_temp.my('customer', c), format('user%s@company{n}.example', u), 'Contact', s
  FROM (VALUES (5, 1, 'active'), (6, 2, 'active'), (7, 2, 'active'), (7, 3, 'active'), (5, 3, 'disabled')) AS x (u, c, s);
INSERT INTO properties (tenant_id, property_id, customer_id, street, city, country, time_zone, access_notes)
SELECT pg_temp.tenant(), pg_temp.my('property', c), pg_temp.my('customer', c), 'Street 1', 'Vienna', 'AT', 'Europe/Vienna', 'key under the mat'
  FROM generate_series(1, 3) c;

-- Jobs 1 and 4 are customer 1's, job 2 customer 2's, job 3 customer 3's. Visit n is job n's; visit 5 is a second one
-- of job 1 that nobody has. Technician 1 has visit 1 and was released from visit 3; technician 2 has 2 and 4.
INSERT INTO counters (tenant_id, series, last_value) VALUES (pg_temp.tenant(), 'job', 4);
INSERT INTO jobs (tenant_id, job_id, number, customer_id, property_id, title, office_notes, state, open_visits)
SELECT pg_temp.tenant(), pg_temp.my('job', j), j, pg_temp.my('customer', c), pg_temp.my('property', c), format('Job %s', j),
       'secret', 'scheduled', v
  FROM (VALUES (1, 1, 2), (2, 2, 1), (3, 3, 1), (4, 1, 1)) AS x (j, c, v);
INSERT INTO visits (tenant_id, visit_id, job_id, customer_id, property_id, starts_at, ends_at, window_start, window_end, time_zone)
SELECT pg_temp.tenant(), pg_temp.my('visit', v), pg_temp.my('job', j), pg_temp.my('customer', c), pg_temp.my('property', c),
       t, t + interval '1 hour', t, t + interval '2 hours', 'Europe/Vienna'
  FROM (VALUES (1, 1, 1), (2, 2, 2), (3, 3, 3), (4, 4, 1), (5, 1, 1)) AS x (v, j, c),
       LATERAL (SELECT timestamptz '2026-12-01 08:00Z' + v * interval '3 hours' AS t) AS at;
INSERT INTO assignments (tenant_id, visit_id, technician_id, technician_name, job_id, customer_id, property_id, starts_at, ends_at, state)
SELECT v.tenant_id, v.visit_id, x.technician_id, 'Member', v.job_id, v.customer_id, v.property_id, v.starts_at, v.ends_at, x.state
  FROM (VALUES (1, pg_temp.my('user', 3), 'assigned'), (2, pg_temp.my('user', 4), 'assigned'),
               (3, pg_temp.my('user', 3), 'released'), (4, pg_temp.my('user', 4), 'assigned'),
               (3, pg_temp.id(0, 'user', 8), 'assigned')) AS x (v, technician_id, state)
  JOIN visits v ON v.tenant_id = pg_temp.tenant() AND v.visit_id = pg_temp.my('visit', x.v);

-- Note and event 10 j + 1, 2, 3 of job j: for the office, the field, everybody. By the technicians of the jobs.
INSERT INTO notes (tenant_id, note_id, job_id, customer_id, property_id, author_id, author_name, body, visibility)
SELECT j.tenant_id, pg_temp.my('note', (10 * j.number + s)::int), j.job_id, j.customer_id, j.property_id,
       pg_temp.my('user', (2 + j.number)::int), 'Member', 'Text', (ARRAY['office', 'field', 'customer'])[s]
  FROM jobs j, generate_series(1, 3) s WHERE j.tenant_id = pg_temp.tenant() ORDER BY j.number, s;
-- File 10 j + 1, 2, 3 of job j: for the office, the field, everybody; ready. File 10 j + 4, for everybody: not yet, by whose
-- technician has the job. File 99 is a logo.
INSERT INTO files (tenant_id, file_id, purpose, job_id, customer_id, property_id, visibility, uploader_id, uploader_name, name,
                   declared_type, declared_bytes, declared_sha256, upload_until, state, content_type, content_bytes, width, height)
SELECT j.tenant_id, pg_temp.my('file', (10 * j.number + s)::int), 'job_photo', j.job_id, j.customer_id, j.property_id,
       (ARRAY['office', 'field', 'customer', 'customer'])[s], pg_temp.my('user', (2 + j.number)::int), 'Member', 'photo.jpg',
       'image/jpeg', 9, sha256('photo'), now(), CASE s WHEN 4 THEN 'uploaded' ELSE 'ready' END,
       CASE WHEN s < 4 THEN 'image/jpeg' END, CASE WHEN s < 4 THEN 9 END, CASE WHEN s < 4 THEN 1 END, CASE WHEN s < 4 THEN 1 END
  FROM jobs j, generate_series(1, 4) s WHERE j.tenant_id = pg_temp.tenant() ORDER BY j.number, s;
INSERT INTO files (tenant_id, file_id, purpose, visibility, uploader_id, uploader_name, name, declared_type, declared_bytes,
                   declared_sha256, upload_until)
VALUES (pg_temp.tenant(), pg_temp.my('file', 99), 'logo', 'office', pg_temp.my('user', 1), 'Member 1', 'logo.png', 'image/png', 9,
        sha256('logo'), now() + interval '10 years');
INSERT INTO files (tenant_id, file_id, purpose, visibility, uploader_id, uploader_name, name, declared_type, declared_bytes,
                   declared_sha256, upload_until, state, content_type, content_bytes, width, height)
VALUES (pg_temp.tenant(), pg_temp.my('file', 98), 'logo', 'office', pg_temp.my('user', 1), 'Member 1', 'logo.png', 'image/png', 9,
        sha256('logo'), now(), 'ready', 'image/png', 9, 1, 1);
INSERT INTO upload_counts (tenant_id, counted_on, uploads, bytes) VALUES (pg_temp.tenant(), '2026-01-01', 1, 9);
INSERT INTO events (tenant_id, txid, event_id, at, actor_id, actor_role, kind, subject_kind, subject_id, job_id, customer_id, visibility)
SELECT j.tenant_id, 1, pg_temp.my('event', (10 * j.number + s)::int), now(), pg_temp.my('user', 1), 'admin', 'job.booked', 'job',
       j.job_id, j.job_id, j.customer_id, (ARRAY['office', 'field', 'customer'])[s]
  FROM jobs j, generate_series(1, 3) s WHERE j.tenant_id = pg_temp.tenant() ORDER BY j.number, s;
INSERT INTO audit_entries (tenant_id, seq, txid, event_id, previous_hash, hash)
SELECT pg_temp.tenant(), s, 1, pg_temp.my('event', 10 + s), sha256('before'), sha256('after') FROM generate_series(1, 2) s;
INSERT INTO audit_heads (tenant_id, seq, txid, event_id, hash)
VALUES (pg_temp.tenant(), 2, 1, pg_temp.my('event', 12), sha256('after'));

-- Task 1 waits, task 2 is dead.
INSERT INTO tasks (tenant_id, task_id, kind, payload, about, actor_id, state)
SELECT pg_temp.tenant(), pg_temp.my('task', t), 'send_email', '{"secret": true}', pg_temp.my('message', t), pg_temp.my('user', 1), (ARRAY['queued', 'dead'])[t]
  FROM generate_series(1, 2) t;
INSERT INTO idempotency_keys (tenant_id, actor_id, key_hash, request_hash)
SELECT pg_temp.tenant(), pg_temp.my('user', u), sha256('key'), sha256('request') FROM generate_series(1, 7) u;
INSERT INTO messages (tenant_id, message_id, channel, template, recipient, customer_id, job_id)
SELECT pg_temp.tenant(), pg_temp.my('message', m), 'email', 'visit_reminder', 'same@example.com', pg_temp.my('customer', m), pg_temp.my('job', m)
  FROM generate_series(1, 2) m;
INSERT INTO webhook_inbox (tenant_id, provider, event_ref, payload)
SELECT pg_temp.tenant(), 'sendgrid', format('ref-%s', r), '{}' FROM generate_series(1, 2) r;
DROP FUNCTION pg_temp.tenant(), pg_temp.my(text, int), pg_temp.id(int, text, int);
