-- The words that customers are found by. Office only: words name customers that a technician may not see.
ALTER TABLE customer_words ENABLE ROW LEVEL SECURITY;
ALTER TABLE customer_words FORCE ROW LEVEL SECURITY;
GRANT SELECT, INSERT, DELETE ON customer_words TO surv_office;
GRANT EXECUTE ON FUNCTION app.words_of(text[]) TO surv_office;

CREATE POLICY tenant_only ON customer_words AS RESTRICTIVE TO surv_tenant
    USING (tenant_id = (SELECT app.tenant_id()))
    WITH CHECK (tenant_id = (SELECT app.tenant_id()));
CREATE POLICY confinement ON customer_words AS RESTRICTIVE TO surv_tenant
    USING ((SELECT app.confined_jobs()) IS NULL
        OR customer_id = ANY ((SELECT app.confined_customers())::uuid[]))
    WITH CHECK ((SELECT app.confined_jobs()) IS NULL
        OR customer_id = ANY ((SELECT app.confined_customers())::uuid[]));

CREATE POLICY office_manages_all ON customer_words TO surv_office
    USING (true)
    WITH CHECK (true);
