-- E-mails and what became of them. The office reads and queues, the worker sends and settles. Whose task is dead is
-- settled by an admin.
ALTER TABLE messages ENABLE ROW LEVEL SECURITY;
ALTER TABLE messages FORCE ROW LEVEL SECURITY;
GRANT SELECT, INSERT ON messages TO surv_office;
GRANT UPDATE (state, failure, settled_at) ON messages TO surv_admin;
GRANT SELECT, INSERT, UPDATE (state, provider_id, failure, attempts, attempted_at, unknown_attempts, settled_at) ON messages TO surv_worker;

CREATE POLICY tenant_only ON messages AS RESTRICTIVE TO surv_tenant
    USING (tenant_id = (SELECT app.tenant_id()))
    WITH CHECK (tenant_id = (SELECT app.tenant_id()));
CREATE POLICY confinement ON messages AS RESTRICTIVE TO surv_tenant
    USING ((SELECT app.confined_jobs()) IS NULL
        OR job_id = ANY ((SELECT app.confined_jobs())::uuid[])
        OR customer_id = ANY ((SELECT app.confined_customers())::uuid[]))
    WITH CHECK ((SELECT app.confined_jobs()) IS NULL
        OR job_id = ANY ((SELECT app.confined_jobs())::uuid[])
        OR customer_id = ANY ((SELECT app.confined_customers())::uuid[]));

CREATE POLICY office_reads_all ON messages FOR SELECT TO surv_office
    USING (true);

CREATE POLICY office_queues ON messages FOR INSERT TO surv_office
    WITH CHECK (true);

CREATE POLICY admin_settles_dead ON messages FOR UPDATE TO surv_admin
    USING (state IN ('queued', 'sending', 'unknown')
           AND EXISTS (SELECT FROM tasks t
                        WHERE t.tenant_id = messages.tenant_id
                          AND t.about = messages.message_id
                          AND t.state = 'dead'
                       OFFSET 0))
    WITH CHECK (state IN ('queued', 'unknown', 'failed'));

CREATE POLICY worker_sends ON messages TO surv_worker
    USING (true)
    WITH CHECK (true);

GRANT INSERT ON messages TO surv_identity, surv_signup;
CREATE POLICY identity_path ON messages FOR INSERT TO surv_identity, surv_signup WITH CHECK (true);
