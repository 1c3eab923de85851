-- Revoked tokens. The office adds, app.admit reads, nobody takes one back; the purge path forgets those past
-- their expiry.
ALTER TABLE revoked_tokens ENABLE ROW LEVEL SECURITY;
ALTER TABLE revoked_tokens FORCE ROW LEVEL SECURITY;
GRANT SELECT, INSERT ON revoked_tokens TO surv_office;

CREATE POLICY tenant_only ON revoked_tokens AS RESTRICTIVE TO surv_tenant
    USING (tenant_id = (SELECT app.tenant_id()))
    WITH CHECK (tenant_id = (SELECT app.tenant_id()));
CREATE POLICY confinement ON revoked_tokens AS RESTRICTIVE TO surv_tenant
    USING ((SELECT app.confined_jobs()) IS NULL)
    WITH CHECK ((SELECT app.confined_jobs()) IS NULL);

CREATE POLICY office_reads_all ON revoked_tokens FOR SELECT TO surv_office
    USING (true);

CREATE POLICY office_revokes ON revoked_tokens FOR INSERT TO surv_office
    WITH CHECK (revoked_by = (SELECT app.actor_id()));

GRANT SELECT (tenant_id, revocation_id) ON revoked_tokens TO surv_gate_fn;
CREATE POLICY gate_fn_path ON revoked_tokens TO surv_gate_fn USING (true) WITH CHECK (true);

-- A person's own account (sessions, password, second factor) is the identity path's: it admits nobody by a revoked token.
GRANT SELECT (tenant_id, revocation_id) ON revoked_tokens TO surv_identity;
CREATE POLICY identity_path ON revoked_tokens FOR SELECT TO surv_identity USING (true);

GRANT SELECT (tenant_id, revocation_id, expires_at), DELETE ON revoked_tokens TO surv_purge;
CREATE POLICY purge_path ON revoked_tokens TO surv_purge USING (expires_at < now());
