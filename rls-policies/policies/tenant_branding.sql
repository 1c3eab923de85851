-- What a company shows its customers. Anybody may see it by slug (identity path): it is on the log-in page.
ALTER TABLE tenant_branding ENABLE ROW LEVEL SECURITY;
ALTER TABLE tenant_branding FORCE ROW LEVEL SECURITY;
GRANT SELECT ON tenant_branding TO surv_office, surv_technician, surv_customer, surv_worker;
GRANT UPDATE (display_name, accent, phone, reply_to, logo_file_id, version) ON tenant_branding TO surv_admin;

CREATE POLICY tenant_only ON tenant_branding AS RESTRICTIVE TO surv_tenant
    USING (tenant_id = (SELECT app.tenant_id()))
    WITH CHECK (tenant_id = (SELECT app.tenant_id()));
CREATE POLICY confinement ON tenant_branding AS RESTRICTIVE TO surv_tenant
    USING ((SELECT app.confined_jobs()) IS NULL)
    WITH CHECK ((SELECT app.confined_jobs()) IS NULL);

CREATE POLICY people_read_own ON tenant_branding FOR SELECT TO surv_office, surv_technician, surv_customer, surv_worker
    USING (true);

CREATE POLICY admin_changes_own ON tenant_branding FOR UPDATE TO surv_admin
    USING (true)
    WITH CHECK (true);

GRANT SELECT ON tenant_branding TO surv_identity;
CREATE POLICY identity_path ON tenant_branding TO surv_identity USING (true) WITH CHECK (true);
GRANT INSERT ON tenant_branding TO surv_signup;
CREATE POLICY signup_path ON tenant_branding TO surv_signup USING (true) WITH CHECK (true);
