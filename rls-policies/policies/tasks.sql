-- Background work. The office enqueues in its own name, technicians and customers what their use cases cause (a new one has its
-- kind here and in tests/rls/kinds.rs); nobody but the worker reads a payload. The dispatch path
-- claims over all tenants by routing columns alone. Admins see what waits, and retry or dismiss what died; the operator counts.
ALTER TABLE tasks ENABLE ROW LEVEL SECURITY;
ALTER TABLE tasks FORCE ROW LEVEL SECURITY;
GRANT INSERT (tenant_id, task_id, kind, payload, about, actor_id, run_at) ON tasks TO surv_office, surv_technician, surv_customer;
GRANT SELECT (tenant_id, task_id, kind, about, state, run_at, attempts, last_error, created_at), UPDATE (state, run_at, attempts),
    DELETE ON tasks TO surv_admin;
GRANT SELECT, INSERT, DELETE, UPDATE (state, run_at, attempts, lease_token, last_error) ON tasks TO surv_worker;

CREATE POLICY tenant_only ON tasks AS RESTRICTIVE TO surv_tenant
    USING (tenant_id = (SELECT app.tenant_id()))
    WITH CHECK (tenant_id = (SELECT app.tenant_id()));
-- A confined caller may cause work, but sees none.
CREATE POLICY confinement ON tasks AS RESTRICTIVE TO surv_tenant
    USING ((SELECT app.confined_jobs()) IS NULL)
    WITH CHECK (true);

CREATE POLICY office_enqueues ON tasks FOR INSERT TO surv_office
    WITH CHECK (actor_id = (SELECT app.actor_id()));

CREATE POLICY technician_enqueues ON tasks FOR INSERT TO surv_technician
    WITH CHECK (actor_id = (SELECT app.actor_id())
            AND kind IN ('notify_on_the_way', 'process_file', 'remove_file'));

CREATE POLICY customer_enqueues ON tasks FOR INSERT TO surv_customer
    WITH CHECK (actor_id = (SELECT app.actor_id()) AND kind IN ('process_file', 'remove_file'));

CREATE POLICY admin_reads_all ON tasks FOR SELECT TO surv_admin
    USING (true);

CREATE POLICY admin_retries_dead ON tasks FOR UPDATE TO surv_admin
    USING (state = 'dead')
    WITH CHECK (true);

CREATE POLICY admin_dismisses_dead ON tasks FOR DELETE TO surv_admin
    USING (state = 'dead');

CREATE POLICY worker_runs ON tasks TO surv_worker
    USING (true)
    WITH CHECK (true);

GRANT INSERT (tenant_id, task_id, kind, payload, about, actor_id, run_at) ON tasks TO surv_identity, surv_signup, surv_intake;
CREATE POLICY paths_enqueue ON tasks FOR INSERT TO surv_identity, surv_signup, surv_intake WITH CHECK (true);
GRANT SELECT (tenant_id, task_id, kind, state, run_at, attempts, lease_token), UPDATE (run_at, attempts, lease_token)
    ON tasks TO surv_dispatch;
CREATE POLICY dispatch_path ON tasks TO surv_dispatch USING (true) WITH CHECK (true);
GRANT SELECT (tenant_id, task_id, kind, state, run_at, attempts, last_error, created_at) ON tasks TO surv_operator;
CREATE POLICY operator_path ON tasks FOR SELECT TO surv_operator USING (true);
