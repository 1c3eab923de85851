-- Work agreed with a customer. The office manages all. A technician sees jobs with an own visit and moves their state
-- (only); a customer sees the own ones. office_notes are granted to the office alone.
ALTER TABLE jobs ENABLE ROW LEVEL SECURITY;
ALTER TABLE jobs FORCE ROW LEVEL SECURITY;
GRANT SELECT, INSERT ON jobs TO surv_office;
GRANT UPDATE (title, description, office_notes, state, open_visits, cancel_reason, archived_at, updated_at, version)
    ON jobs TO surv_office;
GRANT SELECT ON jobs TO surv_worker;
GRANT SELECT (tenant_id, job_id, number, customer_id, property_id, title, description, state, open_visits, created_at,
    updated_at, version) ON jobs TO surv_technician;
GRANT UPDATE (state, open_visits, updated_at, version) ON jobs TO surv_technician;
GRANT SELECT (tenant_id, job_id, number, customer_id, property_id, title, description, state, cancel_reason, created_at,
    updated_at, version) ON jobs TO surv_customer;

CREATE POLICY tenant_only ON jobs AS RESTRICTIVE TO surv_tenant
    USING (tenant_id = (SELECT app.tenant_id()))
    WITH CHECK (tenant_id = (SELECT app.tenant_id()));
CREATE POLICY confinement ON jobs AS RESTRICTIVE TO surv_tenant
    USING ((SELECT app.confined_jobs()) IS NULL
        OR job_id = ANY ((SELECT app.confined_jobs())::uuid[])
        OR customer_id = ANY ((SELECT app.confined_customers())::uuid[]))
    WITH CHECK ((SELECT app.confined_jobs()) IS NULL
        OR job_id = ANY ((SELECT app.confined_jobs())::uuid[])
        OR customer_id = ANY ((SELECT app.confined_customers())::uuid[]));

CREATE POLICY office_manages_all ON jobs TO surv_office
    USING (true)
    WITH CHECK (true);

CREATE POLICY worker_reads_all ON jobs FOR SELECT TO surv_worker
    USING (true);

CREATE POLICY technician_reads_assigned ON jobs FOR SELECT TO surv_technician
    USING (EXISTS (SELECT FROM assignments a
                    WHERE a.tenant_id = jobs.tenant_id
                      AND a.job_id = jobs.job_id
                      AND a.technician_id = (SELECT app.actor_id())
                      AND a.state <> 'released'
                   OFFSET 0));

-- The whole predicate again: an UPDATE that reads no column does not apply the SELECT policy.
CREATE POLICY technician_moves_assigned ON jobs FOR UPDATE TO surv_technician
    USING (EXISTS (SELECT FROM assignments a
                    WHERE a.tenant_id = jobs.tenant_id
                      AND a.job_id = jobs.job_id
                      AND a.technician_id = (SELECT app.actor_id())
                      AND a.state <> 'released'
                   OFFSET 0))
    WITH CHECK (EXISTS (SELECT FROM assignments a
                    WHERE a.tenant_id = jobs.tenant_id
                      AND a.job_id = jobs.job_id
                      AND a.technician_id = (SELECT app.actor_id())
                      AND a.state <> 'released'
                   OFFSET 0));

CREATE POLICY customer_reads_own ON jobs FOR SELECT TO surv_customer
    USING (customer_id = ANY (ARRAY(SELECT c.customer_id FROM customer_users c
                                         WHERE c.tenant_id = (SELECT app.tenant_id())
                                           AND c.user_id = (SELECT app.actor_id())
                                           AND c.state = 'active')));
