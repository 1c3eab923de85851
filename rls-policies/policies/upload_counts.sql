-- What was announced on a day, over all people of a company. No persona may read or set it: app.count_upload counts.
ALTER TABLE upload_counts ENABLE ROW LEVEL SECURITY;
ALTER TABLE upload_counts FORCE ROW LEVEL SECURITY;
GRANT SELECT, INSERT, UPDATE (uploads, bytes) ON upload_counts TO surv_gate_fn;

CREATE POLICY tenant_only ON upload_counts AS RESTRICTIVE TO surv_tenant
    USING (tenant_id = (SELECT app.tenant_id()))
    WITH CHECK (tenant_id = (SELECT app.tenant_id()));
CREATE POLICY gate_fn_path ON upload_counts TO surv_gate_fn
    USING (tenant_id = (SELECT app.tenant_id()))
    WITH CHECK (tenant_id = (SELECT app.tenant_id()));
