-- What happened. Everybody writes in their own name and role, nobody changes or deletes, and the place in the stream (txid)
-- is given to nobody. Technicians and customers write what their use cases cause and nothing else: a new one of theirs has its
-- kind here and in tests/rls/kinds.rs. What changed is granted to the office; others learn that something happened and
-- read the subject again under their own rights.
ALTER TABLE events ENABLE ROW LEVEL SECURITY;
ALTER TABLE events FORCE ROW LEVEL SECURITY;
GRANT SELECT ON events TO surv_office, surv_worker;
GRANT SELECT (tenant_id, txid, event_id, at, actor_role, kind, subject_kind, subject_id, job_id, visit_id, customer_id, technician_id, visibility)
    ON events TO surv_technician, surv_customer;
GRANT INSERT (tenant_id, event_id, at, actor_id, actor_role, session_id, request_id, kind, subject_kind, subject_id, job_id, visit_id,
    customer_id, technician_id, visibility, changes)
    ON events TO surv_office, surv_worker, surv_technician, surv_customer, surv_identity, surv_signup;

CREATE POLICY tenant_only ON events AS RESTRICTIVE TO surv_tenant
    USING (tenant_id = (SELECT app.tenant_id()))
    WITH CHECK (tenant_id = (SELECT app.tenant_id()));
CREATE POLICY confinement ON events AS RESTRICTIVE TO surv_tenant
    USING ((SELECT app.confined_jobs()) IS NULL
        OR job_id = ANY ((SELECT app.confined_jobs())::uuid[])
        OR customer_id = ANY ((SELECT app.confined_customers())::uuid[]))
    WITH CHECK ((SELECT app.confined_jobs()) IS NULL
        OR job_id = ANY ((SELECT app.confined_jobs())::uuid[])
        OR customer_id = ANY ((SELECT app.confined_customers())::uuid[]));

CREATE POLICY office_reads_all ON events FOR SELECT TO surv_office, surv_worker
    USING (true);

CREATE POLICY admin_writes_own ON events FOR INSERT TO surv_admin
    WITH CHECK (actor_id = (SELECT app.actor_id()) AND actor_role = 'admin');

CREATE POLICY manager_writes_own ON events FOR INSERT TO surv_manager
    WITH CHECK (actor_id = (SELECT app.actor_id()) AND actor_role = 'manager');

CREATE POLICY technician_writes_own ON events FOR INSERT TO surv_technician
    WITH CHECK (actor_id = (SELECT app.actor_id()) AND actor_role = 'technician'
            AND kind IN ('assignment.on_the_way', 'assignment.arrived', 'assignment.completed', 'note.added',
                         'file.created', 'file.uploaded', 'file.deleted'));

CREATE POLICY customer_writes_own ON events FOR INSERT TO surv_customer
    WITH CHECK (actor_id = (SELECT app.actor_id()) AND actor_role = 'customer'
            AND kind IN ('note.added', 'file.created', 'file.uploaded', 'file.deleted'));

-- The operator's command enters a company as its worker.
CREATE POLICY worker_writes_own ON events FOR INSERT TO surv_worker
    WITH CHECK (actor_id = (SELECT app.actor_id()) AND actor_role IN ('worker', 'operator'));

CREATE POLICY technician_reads_assigned ON events FOR SELECT TO surv_technician
    USING (visibility <> 'office' AND (technician_id = (SELECT app.actor_id()) OR (EXISTS (SELECT FROM assignments a
                    WHERE a.tenant_id = events.tenant_id
                      AND a.job_id = events.job_id
                      AND a.technician_id = (SELECT app.actor_id())
                      AND a.state <> 'released'
                   OFFSET 0))));

CREATE POLICY customer_reads_own ON events FOR SELECT TO surv_customer
    USING (visibility = 'customer' AND customer_id = ANY (ARRAY(SELECT c.customer_id FROM customer_users c
                                         WHERE c.tenant_id = (SELECT app.tenant_id())
                                           AND c.user_id = (SELECT app.actor_id())
                                           AND c.state = 'active')));

CREATE POLICY identity_path ON events FOR INSERT TO surv_identity, surv_signup WITH CHECK (true);
GRANT SELECT (tenant_id, txid, event_id) ON events TO surv_dispatch;
CREATE POLICY dispatch_path ON events FOR SELECT TO surv_dispatch USING (true);
