-- The last link of each company's chain. The worker moves it, the office checks against it; the dispatch path compares it with events to find who is behind.
ALTER TABLE audit_heads ENABLE ROW LEVEL SECURITY;
ALTER TABLE audit_heads FORCE ROW LEVEL SECURITY;
GRANT SELECT ON audit_heads TO surv_office;
GRANT SELECT, INSERT, UPDATE ON audit_heads TO surv_worker;

CREATE POLICY tenant_only ON audit_heads AS RESTRICTIVE TO surv_tenant
    USING (tenant_id = (SELECT app.tenant_id()))
    WITH CHECK (tenant_id = (SELECT app.tenant_id()));
CREATE POLICY confinement ON audit_heads AS RESTRICTIVE TO surv_tenant
    USING ((SELECT app.confined_jobs()) IS NULL)
    WITH CHECK ((SELECT app.confined_jobs()) IS NULL);

CREATE POLICY office_reads_all ON audit_heads FOR SELECT TO surv_office
    USING (true);

CREATE POLICY worker_keeps ON audit_heads TO surv_worker
    USING (true)
    WITH CHECK (true);

GRANT SELECT (tenant_id, txid, event_id) ON audit_heads TO surv_dispatch;
CREATE POLICY dispatch_path ON audit_heads FOR SELECT TO surv_dispatch USING (true);
