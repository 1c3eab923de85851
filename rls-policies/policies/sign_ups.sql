-- Companies not yet confirmed. Sign-up path only; the purge path forgets.
ALTER TABLE sign_ups ENABLE ROW LEVEL SECURITY;
ALTER TABLE sign_ups FORCE ROW LEVEL SECURITY;

GRANT SELECT, INSERT, UPDATE (tenant_id, secret_hash, expires_at) ON sign_ups TO surv_signup;
CREATE POLICY signup_path ON sign_ups TO surv_signup USING (true) WITH CHECK (true);
GRANT SELECT (sign_up_id, expires_at), DELETE ON sign_ups TO surv_purge;
CREATE POLICY purge_path ON sign_ups TO surv_purge USING (expires_at < now() - interval '1 day');
