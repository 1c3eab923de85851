-- Codes and secrets sent by e-mail. Identity path only; the purge path forgets.
ALTER TABLE email_challenges ENABLE ROW LEVEL SECURITY;
ALTER TABLE email_challenges FORCE ROW LEVEL SECURITY;

GRANT SELECT, INSERT, UPDATE (attempts, used_at) ON email_challenges TO surv_identity;
CREATE POLICY identity_path ON email_challenges TO surv_identity USING (true) WITH CHECK (true);
GRANT SELECT (challenge_id, expires_at), DELETE ON email_challenges TO surv_purge;
CREATE POLICY purge_path ON email_challenges TO surv_purge USING (expires_at < now() - interval '1 day');
