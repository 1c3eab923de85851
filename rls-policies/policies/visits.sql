-- Dated slots of jobs. A technician sees those with an own assignment and moves their state; a customer sees the own
-- ones, with the promised window but not the plan behind it.
ALTER TABLE visits ENABLE ROW LEVEL SECURITY;
ALTER TABLE visits FORCE ROW LEVEL SECURITY;
GRANT SELECT, INSERT ON visits TO surv_office;
GRANT UPDATE (state, starts_at, ends_at, window_start, window_end, open_assignments, cancel_reason, updated_at, version)
    ON visits TO surv_office;
GRANT SELECT ON visits TO surv_worker;
GRANT SELECT (tenant_id, visit_id, job_id, customer_id, property_id, state, starts_at, ends_at, window_start, window_end,
    time_zone, open_assignments, created_at, updated_at, version) ON visits TO surv_technician;
GRANT UPDATE (state, open_assignments, updated_at, version) ON visits TO surv_technician;
GRANT SELECT (tenant_id, visit_id, job_id, customer_id, property_id, state, window_start, window_end, time_zone,
    cancel_reason, created_at, updated_at, version) ON visits TO surv_customer;

CREATE POLICY tenant_only ON visits AS RESTRICTIVE TO surv_tenant
    USING (tenant_id = (SELECT app.tenant_id()))
    WITH CHECK (tenant_id = (SELECT app.tenant_id()));
CREATE POLICY confinement ON visits AS RESTRICTIVE TO surv_tenant
    USING ((SELECT app.confined_jobs()) IS NULL
        OR job_id = ANY ((SELECT app.confined_jobs())::uuid[])
        OR customer_id = ANY ((SELECT app.confined_customers())::uuid[]))
    WITH CHECK ((SELECT app.confined_jobs()) IS NULL
        OR job_id = ANY ((SELECT app.confined_jobs())::uuid[])
        OR customer_id = ANY ((SELECT app.confined_customers())::uuid[]));

CREATE POLICY office_manages_all ON visits TO surv_office
    USING (true)
    WITH CHECK (true);

CREATE POLICY worker_reads_all ON visits FOR SELECT TO surv_worker
    USING (true);

CREATE POLICY technician_reads_assigned ON visits FOR SELECT TO surv_technician
    USING (EXISTS (SELECT FROM assignments a
                    WHERE a.tenant_id = visits.tenant_id
                      AND a.visit_id = visits.visit_id
                      AND a.technician_id = (SELECT app.actor_id())
                      AND a.state <> 'released'
                   OFFSET 0));

CREATE POLICY technician_moves_assigned ON visits FOR UPDATE TO surv_technician
    USING (EXISTS (SELECT FROM assignments a
                    WHERE a.tenant_id = visits.tenant_id
                      AND a.visit_id = visits.visit_id
                      AND a.technician_id = (SELECT app.actor_id())
                      AND a.state <> 'released'
                   OFFSET 0))
    WITH CHECK (EXISTS (SELECT FROM assignments a
                    WHERE a.tenant_id = visits.tenant_id
                      AND a.visit_id = visits.visit_id
                      AND a.technician_id = (SELECT app.actor_id())
                      AND a.state <> 'released'
                   OFFSET 0));

CREATE POLICY customer_reads_own ON visits FOR SELECT TO surv_customer
    USING (customer_id = ANY (ARRAY(SELECT c.customer_id FROM customer_users c
                                         WHERE c.tenant_id = (SELECT app.tenant_id())
                                           AND c.user_id = (SELECT app.actor_id())
                                           AND c.state = 'active')));
