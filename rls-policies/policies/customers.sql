-- Whom the company works for. The office manages all; a technician sees name and phone of those of own visits; a
-- customer sees who they stand for. office_notes and the e-mail are not granted to technicians.
ALTER TABLE customers ENABLE ROW LEVEL SECURITY;
ALTER TABLE customers FORCE ROW LEVEL SECURITY;
GRANT SELECT, INSERT ON customers TO surv_office;
GRANT UPDATE (kind, name, email, phone, office_notes, state, updated_at, version) ON customers TO surv_office;
GRANT SELECT ON customers TO surv_worker;
GRANT SELECT (tenant_id, customer_id, kind, name, name_key, phone, state, version) ON customers TO surv_technician;
GRANT SELECT (tenant_id, customer_id, kind, name, name_key, email, phone, state, created_at, version) ON customers TO surv_customer;

CREATE POLICY tenant_only ON customers AS RESTRICTIVE TO surv_tenant
    USING (tenant_id = (SELECT app.tenant_id()))
    WITH CHECK (tenant_id = (SELECT app.tenant_id()));
CREATE POLICY confinement ON customers AS RESTRICTIVE TO surv_tenant
    USING ((SELECT app.confined_jobs()) IS NULL
        OR customer_id = ANY ((SELECT app.confined_customers())::uuid[]))
    WITH CHECK ((SELECT app.confined_jobs()) IS NULL
        OR customer_id = ANY ((SELECT app.confined_customers())::uuid[]));

CREATE POLICY office_manages_all ON customers TO surv_office
    USING (true)
    WITH CHECK (true);

CREATE POLICY worker_reads_all ON customers FOR SELECT TO surv_worker
    USING (true);

CREATE POLICY technician_reads_assigned ON customers FOR SELECT TO surv_technician
    USING (EXISTS (SELECT FROM assignments a
                    WHERE a.tenant_id = customers.tenant_id
                      AND a.customer_id = customers.customer_id
                      AND a.technician_id = (SELECT app.actor_id())
                      AND a.state <> 'released'
                   OFFSET 0));

CREATE POLICY customer_reads_own ON customers FOR SELECT TO surv_customer
    USING (customer_id = ANY (ARRAY(SELECT c.customer_id FROM customer_users c
                                         WHERE c.tenant_id = (SELECT app.tenant_id())
                                           AND c.user_id = (SELECT app.actor_id())
                                           AND c.state = 'active')));
