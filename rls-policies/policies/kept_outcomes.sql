-- First answers of log-in and the like, encrypted. The paths that log people in and open companies keep and read them;
-- the purge path forgets.
ALTER TABLE kept_outcomes ENABLE ROW LEVEL SECURITY;
ALTER TABLE kept_outcomes FORCE ROW LEVEL SECURITY;

GRANT SELECT, INSERT ON kept_outcomes TO surv_identity, surv_signup;
CREATE POLICY identity_path ON kept_outcomes TO surv_identity, surv_signup USING (true) WITH CHECK (true);
GRANT SELECT (key_hash, created_at), DELETE ON kept_outcomes TO surv_purge;
CREATE POLICY purge_path ON kept_outcomes TO surv_purge USING (created_at < now() - interval '1 day');
