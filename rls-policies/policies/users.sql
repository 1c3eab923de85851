-- The log-in directory. No tenant: a person is the same in every company. The office sees the address of its own
-- members; nobody but the identity path ever reads a hash or a TOTP secret.
ALTER TABLE users ENABLE ROW LEVEL SECURITY;
ALTER TABLE users FORCE ROW LEVEL SECURITY;
GRANT SELECT (user_id, email) ON users TO surv_office;

CREATE POLICY office_reads_members ON users FOR SELECT TO surv_office
    USING (EXISTS (SELECT FROM members m
                    WHERE m.tenant_id = (SELECT app.tenant_id())
                      AND m.user_id = users.user_id
                   OFFSET 0));
CREATE POLICY confinement ON users AS RESTRICTIVE TO surv_tenant
    USING ((SELECT app.confined_jobs()) IS NULL);

GRANT SELECT, INSERT, UPDATE (password_hash, totp_sealed, totp_enabled_at, totp_last_step) ON users TO surv_identity;
CREATE POLICY identity_path ON users TO surv_identity USING (true) WITH CHECK (true);
GRANT SELECT (user_id, email), INSERT ON users TO surv_signup;
CREATE POLICY signup_path ON users TO surv_signup USING (true) WITH CHECK (true);
GRANT SELECT (user_id, email), INSERT (user_id, email) ON users TO surv_directory_fn;
CREATE POLICY directory_fn_path ON users TO surv_directory_fn USING (true) WITH CHECK (true);
