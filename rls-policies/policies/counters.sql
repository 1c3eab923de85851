-- Human numbers per company, drawn under a row lock by whoever may book.
ALTER TABLE counters ENABLE ROW LEVEL SECURITY;
ALTER TABLE counters FORCE ROW LEVEL SECURITY;
GRANT SELECT, INSERT, UPDATE ON counters TO surv_office;

CREATE POLICY tenant_only ON counters AS RESTRICTIVE TO surv_tenant
    USING (tenant_id = (SELECT app.tenant_id()))
    WITH CHECK (tenant_id = (SELECT app.tenant_id()));
CREATE POLICY confinement ON counters AS RESTRICTIVE TO surv_tenant
    USING ((SELECT app.confined_jobs()) IS NULL)
    WITH CHECK ((SELECT app.confined_jobs()) IS NULL);

CREATE POLICY office_draws ON counters TO surv_office
    USING (true)
    WITH CHECK (true);
