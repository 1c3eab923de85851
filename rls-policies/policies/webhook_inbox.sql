-- Vendors' callbacks as they came. The intake path stores, the company's worker reads and ticks off, the purge path
-- forgets.
ALTER TABLE webhook_inbox ENABLE ROW LEVEL SECURITY;
ALTER TABLE webhook_inbox FORCE ROW LEVEL SECURITY;
GRANT SELECT, UPDATE (done_at) ON webhook_inbox TO surv_worker;

CREATE POLICY tenant_only ON webhook_inbox AS RESTRICTIVE TO surv_tenant
    USING (tenant_id = (SELECT app.tenant_id()))
    WITH CHECK (tenant_id = (SELECT app.tenant_id()));
CREATE POLICY confinement ON webhook_inbox AS RESTRICTIVE TO surv_tenant
    USING ((SELECT app.confined_jobs()) IS NULL)
    WITH CHECK ((SELECT app.confined_jobs()) IS NULL);

CREATE POLICY worker_processes ON webhook_inbox TO surv_worker
    USING (true)
    WITH CHECK (true);

GRANT INSERT ON webhook_inbox TO surv_intake;
CREATE POLICY intake_path ON webhook_inbox FOR INSERT TO surv_intake WITH CHECK (true);
GRANT SELECT (tenant_id, provider, event_ref, done_at), DELETE ON webhook_inbox TO surv_purge;
CREATE POLICY purge_path ON webhook_inbox TO surv_purge USING (done_at < now() - interval '1 day');
