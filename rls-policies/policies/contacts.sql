-- The people to talk to at a customer. The office manages all; a technician sees whom to call at the customers of own visits,
-- without e-mail and notes; customers see none: a household's other people are not theirs to read.
ALTER TABLE contacts ENABLE ROW LEVEL SECURITY;
ALTER TABLE contacts FORCE ROW LEVEL SECURITY;
GRANT SELECT, INSERT ON contacts TO surv_office;
GRANT UPDATE (name, title, email, phone, is_primary, office_notes, state, updated_at, version) ON contacts TO surv_office;
GRANT SELECT ON contacts TO surv_worker;
GRANT SELECT (tenant_id, contact_id, customer_id, name, title, phone, is_primary, state) ON contacts TO surv_technician;

CREATE POLICY tenant_only ON contacts AS RESTRICTIVE TO surv_tenant
    USING (tenant_id = (SELECT app.tenant_id()))
    WITH CHECK (tenant_id = (SELECT app.tenant_id()));
CREATE POLICY confinement ON contacts AS RESTRICTIVE TO surv_tenant
    USING ((SELECT app.confined_jobs()) IS NULL
        OR customer_id = ANY ((SELECT app.confined_customers())::uuid[]))
    WITH CHECK ((SELECT app.confined_jobs()) IS NULL
        OR customer_id = ANY ((SELECT app.confined_customers())::uuid[]));

CREATE POLICY office_manages_all ON contacts TO surv_office
    USING (true)
    WITH CHECK (true);

CREATE POLICY worker_reads_all ON contacts FOR SELECT TO surv_worker
    USING (true);

CREATE POLICY technician_reads_assigned ON contacts FOR SELECT TO surv_technician
    USING (EXISTS (SELECT FROM assignments a
                    WHERE a.tenant_id = contacts.tenant_id
                      AND a.customer_id = contacts.customer_id
                      AND a.technician_id = (SELECT app.actor_id())
                      AND a.state <> 'released'
                   OFFSET 0));
