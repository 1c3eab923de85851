-- A technician's part in a visit. The office assigns and releases; a technician sees and moves the own ones, nothing of
-- a colleague's; a customer sees who comes and how far they are, not when the plan says so.
ALTER TABLE assignments ENABLE ROW LEVEL SECURITY;
ALTER TABLE assignments FORCE ROW LEVEL SECURITY;
GRANT SELECT, INSERT ON assignments TO surv_office;
GRANT UPDATE (state, on_the_way_at, arrived_at, completed_at, technician_name, version) ON assignments TO surv_office;
GRANT SELECT ON assignments TO surv_technician, surv_worker;
GRANT UPDATE (state, on_the_way_at, arrived_at, completed_at, version) ON assignments TO surv_technician;
GRANT SELECT (tenant_id, visit_id, technician_id, technician_name, job_id, customer_id, property_id, state, on_the_way_at,
    arrived_at, completed_at) ON assignments TO surv_customer;

CREATE POLICY tenant_only ON assignments AS RESTRICTIVE TO surv_tenant
    USING (tenant_id = (SELECT app.tenant_id()))
    WITH CHECK (tenant_id = (SELECT app.tenant_id()));
CREATE POLICY confinement ON assignments AS RESTRICTIVE TO surv_tenant
    USING ((SELECT app.confined_jobs()) IS NULL
        OR job_id = ANY ((SELECT app.confined_jobs())::uuid[])
        OR customer_id = ANY ((SELECT app.confined_customers())::uuid[]))
    WITH CHECK ((SELECT app.confined_jobs()) IS NULL
        OR job_id = ANY ((SELECT app.confined_jobs())::uuid[])
        OR customer_id = ANY ((SELECT app.confined_customers())::uuid[]));

CREATE POLICY office_manages_all ON assignments TO surv_office
    USING (true)
    WITH CHECK (true);

CREATE POLICY worker_reads_all ON assignments FOR SELECT TO surv_worker
    USING (true);

CREATE POLICY technician_reads_own ON assignments FOR SELECT TO surv_technician
    USING (technician_id = (SELECT app.actor_id()) AND state <> 'released');

CREATE POLICY technician_moves_own ON assignments FOR UPDATE TO surv_technician
    USING (technician_id = (SELECT app.actor_id()) AND state <> 'released')
    WITH CHECK (technician_id = (SELECT app.actor_id()) AND state <> 'released');

CREATE POLICY customer_reads_own ON assignments FOR SELECT TO surv_customer
    USING (state <> 'released' AND customer_id = ANY (ARRAY(SELECT c.customer_id FROM customer_users c
                                         WHERE c.tenant_id = (SELECT app.tenant_id())
                                           AND c.user_id = (SELECT app.actor_id())
                                           AND c.state = 'active')));
