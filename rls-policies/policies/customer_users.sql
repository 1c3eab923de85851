-- Who may log in as which customer. The office manages; a customer's user sees the own rows; policies and app.admit read them.
ALTER TABLE customer_users ENABLE ROW LEVEL SECURITY;
ALTER TABLE customer_users FORCE ROW LEVEL SECURITY;
GRANT SELECT, INSERT ON customer_users TO surv_office;
GRANT UPDATE (email, name, state, contact_id, version) ON customer_users TO surv_office;
GRANT SELECT ON customer_users TO surv_customer, surv_worker;

CREATE POLICY tenant_only ON customer_users AS RESTRICTIVE TO surv_tenant
    USING (tenant_id = (SELECT app.tenant_id()))
    WITH CHECK (tenant_id = (SELECT app.tenant_id()));
-- Not confined for customers: their policies read it to know who they are, and it names nothing but themselves.
CREATE POLICY confinement ON customer_users AS RESTRICTIVE TO surv_office, surv_technician, surv_worker
    USING ((SELECT app.confined_jobs()) IS NULL
        OR customer_id = ANY ((SELECT app.confined_customers())::uuid[]))
    WITH CHECK ((SELECT app.confined_jobs()) IS NULL
        OR customer_id = ANY ((SELECT app.confined_customers())::uuid[]));

CREATE POLICY office_manages_all ON customer_users TO surv_office
    USING (true)
    WITH CHECK (true);

CREATE POLICY worker_reads_all ON customer_users FOR SELECT TO surv_worker
    USING (true);

CREATE POLICY customer_reads_self ON customer_users FOR SELECT TO surv_customer
    USING (user_id = (SELECT app.actor_id()));

GRANT SELECT ON customer_users TO surv_identity;
CREATE POLICY identity_path ON customer_users TO surv_identity USING (true) WITH CHECK (true);
GRANT SELECT (tenant_id, user_id, state) ON customer_users TO surv_gate_fn;
CREATE POLICY gate_fn_path ON customer_users TO surv_gate_fn USING (true) WITH CHECK (true);
