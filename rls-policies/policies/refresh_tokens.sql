-- Refresh tokens, as hashes. Identity path only.
ALTER TABLE refresh_tokens ENABLE ROW LEVEL SECURITY;
ALTER TABLE refresh_tokens FORCE ROW LEVEL SECURITY;

GRANT SELECT, INSERT, UPDATE (used_at), DELETE ON refresh_tokens TO surv_identity;
CREATE POLICY identity_path ON refresh_tokens TO surv_identity USING (true) WITH CHECK (true);
