-- Uploaded files. The office sees all; a technician those of jobs with an own visit, a customer those of the own jobs, as
-- far as shared with them and ready, and own uploads in every state. Only the worker can make one ready: nobody else has
-- the columns that a ready file must have.
ALTER TABLE files ENABLE ROW LEVEL SECURITY;
ALTER TABLE files FORCE ROW LEVEL SECURITY;
GRANT SELECT ON files TO surv_office, surv_technician, surv_customer, surv_worker;
GRANT INSERT (tenant_id, file_id, purpose, job_id, customer_id, property_id, visit_id, visibility, uploader_id, uploader_name,
    name, declared_type, declared_bytes, declared_sha256, upload_until, created_at, updated_at)
    ON files TO surv_office, surv_technician, surv_customer;
GRANT UPDATE (state, deleted_at, updated_at, version) ON files TO surv_office, surv_technician, surv_customer;
GRANT UPDATE (state, rejection, content_type, content_bytes, width, height, updated_at, version) ON files TO surv_worker;

CREATE POLICY tenant_only ON files AS RESTRICTIVE TO surv_tenant
    USING (tenant_id = (SELECT app.tenant_id()))
    WITH CHECK (tenant_id = (SELECT app.tenant_id()));
CREATE POLICY confinement ON files AS RESTRICTIVE TO surv_tenant
    USING ((SELECT app.confined_jobs()) IS NULL
        OR job_id = ANY ((SELECT app.confined_jobs())::uuid[])
        OR customer_id = ANY ((SELECT app.confined_customers())::uuid[]))
    WITH CHECK ((SELECT app.confined_jobs()) IS NULL
        OR job_id = ANY ((SELECT app.confined_jobs())::uuid[])
        OR customer_id = ANY ((SELECT app.confined_customers())::uuid[]));

CREATE POLICY office_reads_all ON files FOR SELECT TO surv_office, surv_worker
    USING (true);

CREATE POLICY office_uploads ON files FOR INSERT TO surv_office
    WITH CHECK (uploader_id = (SELECT app.actor_id()) AND purpose <> 'logo');

CREATE POLICY admin_uploads_logo ON files FOR INSERT TO surv_admin
    WITH CHECK (uploader_id = (SELECT app.actor_id()) AND purpose = 'logo');

CREATE POLICY office_changes_all ON files FOR UPDATE TO surv_office, surv_worker
    USING (true)
    WITH CHECK (true);

CREATE POLICY technician_reads_assigned ON files FOR SELECT TO surv_technician
    USING (state = 'ready' AND deleted_at IS NULL AND visibility <> 'office' AND (EXISTS (SELECT FROM assignments a
                    WHERE a.tenant_id = files.tenant_id
                      AND a.job_id = files.job_id
                      AND a.technician_id = (SELECT app.actor_id())
                      AND a.state <> 'released'
                   OFFSET 0)));

CREATE POLICY technician_reads_uploaded ON files FOR SELECT TO surv_technician
    USING (uploader_id = (SELECT app.actor_id()) AND visibility <> 'office' AND (EXISTS (SELECT FROM assignments a
                    WHERE a.tenant_id = files.tenant_id
                      AND a.job_id = files.job_id
                      AND a.technician_id = (SELECT app.actor_id())
                      AND a.state <> 'released'
                   OFFSET 0)));

CREATE POLICY technician_uploads_assigned ON files FOR INSERT TO surv_technician
    WITH CHECK (uploader_id = (SELECT app.actor_id()) AND visibility <> 'office' AND (EXISTS (SELECT FROM assignments a
                    WHERE a.tenant_id = files.tenant_id
                      AND a.job_id = files.job_id
                      AND a.technician_id = (SELECT app.actor_id())
                      AND a.state <> 'released'
                   OFFSET 0)));

CREATE POLICY technician_changes_uploaded ON files FOR UPDATE TO surv_technician
    USING (uploader_id = (SELECT app.actor_id()) AND visibility <> 'office' AND (EXISTS (SELECT FROM assignments a
                    WHERE a.tenant_id = files.tenant_id
                      AND a.job_id = files.job_id
                      AND a.technician_id = (SELECT app.actor_id())
                      AND a.state <> 'released'
                   OFFSET 0)))
    WITH CHECK (uploader_id = (SELECT app.actor_id()) AND visibility <> 'office' AND (EXISTS (SELECT FROM assignments a
                    WHERE a.tenant_id = files.tenant_id
                      AND a.job_id = files.job_id
                      AND a.technician_id = (SELECT app.actor_id())
                      AND a.state <> 'released'
                   OFFSET 0)));

CREATE POLICY customer_reads_own ON files FOR SELECT TO surv_customer
    USING (state = 'ready' AND deleted_at IS NULL AND visibility = 'customer'
       AND customer_id = ANY (ARRAY(SELECT c.customer_id FROM customer_users c
                                         WHERE c.tenant_id = (SELECT app.tenant_id())
                                           AND c.user_id = (SELECT app.actor_id())
                                           AND c.state = 'active')));

CREATE POLICY customer_reads_uploaded ON files FOR SELECT TO surv_customer
    USING (uploader_id = (SELECT app.actor_id()) AND visibility = 'customer'
       AND customer_id = ANY (ARRAY(SELECT c.customer_id FROM customer_users c
                                         WHERE c.tenant_id = (SELECT app.tenant_id())
                                           AND c.user_id = (SELECT app.actor_id())
                                           AND c.state = 'active')));

CREATE POLICY customer_uploads_own ON files FOR INSERT TO surv_customer
    WITH CHECK (uploader_id = (SELECT app.actor_id()) AND visibility = 'customer'
       AND customer_id = ANY (ARRAY(SELECT c.customer_id FROM customer_users c
                                         WHERE c.tenant_id = (SELECT app.tenant_id())
                                           AND c.user_id = (SELECT app.actor_id())
                                           AND c.state = 'active')));

CREATE POLICY customer_changes_uploaded ON files FOR UPDATE TO surv_customer
    USING (uploader_id = (SELECT app.actor_id()) AND visibility = 'customer'
       AND customer_id = ANY (ARRAY(SELECT c.customer_id FROM customer_users c
                                         WHERE c.tenant_id = (SELECT app.tenant_id())
                                           AND c.user_id = (SELECT app.actor_id())
                                           AND c.state = 'active')))
    WITH CHECK (uploader_id = (SELECT app.actor_id()) AND visibility = 'customer'
       AND customer_id = ANY (ARRAY(SELECT c.customer_id FROM customer_users c
                                         WHERE c.tenant_id = (SELECT app.tenant_id())
                                           AND c.user_id = (SELECT app.actor_id())
                                           AND c.state = 'active')));
