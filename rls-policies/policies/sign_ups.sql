-- Companies not yet confirmed. Sign-up path only.
ALTER TABLE sign_ups ENABLE ROW LEVEL SECURITY;
ALTER TABLE sign_ups FORCE ROW LEVEL SECURITY;

GRANT SELECT, INSERT, UPDATE (tenant_id, secret_hash, expires_at) ON sign_ups TO surv_signup;
CREATE POLICY signup_path ON sign_ups TO surv_signup USING (true) WITH CHECK (true);
