-- Notes on jobs and visits, as visible as their author chose. Nobody changes one.
ALTER TABLE notes ENABLE ROW LEVEL SECURITY;
ALTER TABLE notes FORCE ROW LEVEL SECURITY;
GRANT SELECT, INSERT ON notes TO surv_office, surv_technician;
GRANT SELECT ON notes TO surv_worker;
GRANT SELECT (tenant_id, note_id, job_id, customer_id, property_id, visit_id, author_name, body, visibility, created_at),
    INSERT ON notes TO surv_customer;

CREATE POLICY tenant_only ON notes AS RESTRICTIVE TO surv_tenant
    USING (tenant_id = (SELECT app.tenant_id()))
    WITH CHECK (tenant_id = (SELECT app.tenant_id()));
CREATE POLICY confinement ON notes AS RESTRICTIVE TO surv_tenant
    USING ((SELECT app.confined_jobs()) IS NULL
        OR job_id = ANY ((SELECT app.confined_jobs())::uuid[])
        OR customer_id = ANY ((SELECT app.confined_customers())::uuid[]))
    WITH CHECK ((SELECT app.confined_jobs()) IS NULL
        OR job_id = ANY ((SELECT app.confined_jobs())::uuid[])
        OR customer_id = ANY ((SELECT app.confined_customers())::uuid[]));

CREATE POLICY office_reads_all ON notes FOR SELECT TO surv_office, surv_worker
    USING (true);

CREATE POLICY office_writes ON notes FOR INSERT TO surv_office
    WITH CHECK (author_id = (SELECT app.actor_id()));

CREATE POLICY technician_reads_assigned ON notes FOR SELECT TO surv_technician
    USING (visibility <> 'office' AND (EXISTS (SELECT FROM assignments a
                    WHERE a.tenant_id = notes.tenant_id
                      AND a.job_id = notes.job_id
                      AND a.technician_id = (SELECT app.actor_id())
                      AND a.state <> 'released'
                   OFFSET 0)));

CREATE POLICY technician_writes_assigned ON notes FOR INSERT TO surv_technician
    WITH CHECK (author_id = (SELECT app.actor_id()) AND visibility <> 'office' AND (EXISTS (SELECT FROM assignments a
                    WHERE a.tenant_id = notes.tenant_id
                      AND a.job_id = notes.job_id
                      AND a.technician_id = (SELECT app.actor_id())
                      AND a.state <> 'released'
                   OFFSET 0)));

CREATE POLICY customer_reads_own ON notes FOR SELECT TO surv_customer
    USING (visibility = 'customer' AND customer_id = ANY (ARRAY(SELECT c.customer_id FROM customer_users c
                                         WHERE c.tenant_id = (SELECT app.tenant_id())
                                           AND c.user_id = (SELECT app.actor_id())
                                           AND c.state = 'active')));

CREATE POLICY customer_writes_own ON notes FOR INSERT TO surv_customer
    WITH CHECK (author_id = (SELECT app.actor_id()) AND visibility = 'customer' AND customer_id = ANY (ARRAY(SELECT c.customer_id FROM customer_users c
                                         WHERE c.tenant_id = (SELECT app.tenant_id())
                                           AND c.user_id = (SELECT app.actor_id())
                                           AND c.state = 'active')));
