-- The hash chain over events: the worker appends, the office reads, nobody changes.
ALTER TABLE audit_entries ENABLE ROW LEVEL SECURITY;
ALTER TABLE audit_entries FORCE ROW LEVEL SECURITY;
GRANT SELECT ON audit_entries TO surv_office;
GRANT SELECT, INSERT ON audit_entries TO surv_worker;

CREATE POLICY tenant_only ON audit_entries AS RESTRICTIVE TO surv_tenant
    USING (tenant_id = (SELECT app.tenant_id()))
    WITH CHECK (tenant_id = (SELECT app.tenant_id()));
CREATE POLICY confinement ON audit_entries AS RESTRICTIVE TO surv_tenant
    USING ((SELECT app.confined_jobs()) IS NULL)
    WITH CHECK ((SELECT app.confined_jobs()) IS NULL);

CREATE POLICY office_reads_all ON audit_entries FOR SELECT TO surv_office, surv_worker
    USING (true);

CREATE POLICY worker_appends ON audit_entries FOR INSERT TO surv_worker
    WITH CHECK (true);
