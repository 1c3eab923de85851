-- A company: its own people read it, its admins change it. Made by the sign-up path; the identity path finds it by
-- slug. A confined token does not see it: it hangs off nothing that a token can be confined to.
ALTER TABLE tenants ENABLE ROW LEVEL SECURITY;
ALTER TABLE tenants FORCE ROW LEVEL SECURITY;
GRANT SELECT ON tenants TO surv_office, surv_technician, surv_customer, surv_worker;
GRANT UPDATE (name, time_zone, version) ON tenants TO surv_admin;

CREATE POLICY tenant_only ON tenants AS RESTRICTIVE TO surv_tenant
    USING (tenant_id = (SELECT app.tenant_id()))
    WITH CHECK (tenant_id = (SELECT app.tenant_id()));
CREATE POLICY confinement ON tenants AS RESTRICTIVE TO surv_tenant
    USING ((SELECT app.confined_jobs()) IS NULL)
    WITH CHECK ((SELECT app.confined_jobs()) IS NULL);

CREATE POLICY office_reads_own ON tenants FOR SELECT TO surv_office
    USING (true);

CREATE POLICY admin_changes_own ON tenants FOR UPDATE TO surv_admin
    USING (true)
    WITH CHECK (true);

CREATE POLICY people_read_own ON tenants FOR SELECT TO surv_technician, surv_customer, surv_worker
    USING (true);

GRANT SELECT ON tenants TO surv_identity;
CREATE POLICY identity_path ON tenants TO surv_identity USING (true) WITH CHECK (true);
GRANT SELECT, INSERT ON tenants TO surv_signup;
CREATE POLICY signup_path ON tenants TO surv_signup USING (true) WITH CHECK (true);
GRANT SELECT (tenant_id) ON tenants TO surv_dispatch;
CREATE POLICY dispatch_path ON tenants TO surv_dispatch USING (true) WITH CHECK (true);
GRANT SELECT ON tenants TO surv_operator;
CREATE POLICY operator_path ON tenants TO surv_operator USING (true) WITH CHECK (true);
GRANT SELECT (tenant_id, state) ON tenants TO surv_gate_fn;
CREATE POLICY gate_fn_path ON tenants TO surv_gate_fn USING (true) WITH CHECK (true);
