-- Who works here. The office reads all, admins change them, everybody else sees the own row only. The identity path
-- reads memberships at log-in and adds one when an invitation is accepted.
ALTER TABLE members ENABLE ROW LEVEL SECURITY;
ALTER TABLE members FORCE ROW LEVEL SECURITY;
GRANT SELECT ON members TO surv_office, surv_worker;
GRANT UPDATE (role, name, phone, denied, state, version) ON members TO surv_admin;
GRANT SELECT (tenant_id, user_id, role, name, state, version) ON members TO surv_technician;

CREATE POLICY tenant_only ON members AS RESTRICTIVE TO surv_tenant
    USING (tenant_id = (SELECT app.tenant_id()))
    WITH CHECK (tenant_id = (SELECT app.tenant_id()));
CREATE POLICY confinement ON members AS RESTRICTIVE TO surv_tenant
    USING ((SELECT app.confined_jobs()) IS NULL)
    WITH CHECK ((SELECT app.confined_jobs()) IS NULL);

CREATE POLICY office_reads_all ON members FOR SELECT TO surv_office, surv_worker
    USING (true);

CREATE POLICY admin_changes_all ON members FOR UPDATE TO surv_admin
    USING (true)
    WITH CHECK (true);

CREATE POLICY technician_reads_self ON members FOR SELECT TO surv_technician
    USING (user_id = (SELECT app.actor_id()));

GRANT SELECT, INSERT ON members TO surv_identity;
CREATE POLICY identity_path ON members TO surv_identity USING (true) WITH CHECK (true);
GRANT INSERT ON members TO surv_signup;
CREATE POLICY signup_path ON members TO surv_signup USING (true) WITH CHECK (true);
GRANT SELECT (tenant_id, role, state) ON members TO surv_operator;
CREATE POLICY operator_path ON members TO surv_operator USING (true) WITH CHECK (true);
GRANT SELECT (tenant_id, user_id, role, state, denied) ON members TO surv_gate_fn;
CREATE POLICY gate_fn_path ON members TO surv_gate_fn USING (true) WITH CHECK (true);
