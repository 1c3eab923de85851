-- One-time codes for a lost second factor. Identity path only.
ALTER TABLE recovery_codes ENABLE ROW LEVEL SECURITY;
ALTER TABLE recovery_codes FORCE ROW LEVEL SECURITY;

GRANT SELECT, INSERT, UPDATE (used_at), DELETE ON recovery_codes TO surv_identity;
CREATE POLICY identity_path ON recovery_codes TO surv_identity USING (true) WITH CHECK (true);
