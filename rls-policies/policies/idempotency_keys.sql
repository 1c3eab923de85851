-- First answers, each for whoever sent the key. Not confined: the key's hash covers the confinement it was used under.
ALTER TABLE idempotency_keys ENABLE ROW LEVEL SECURITY;
ALTER TABLE idempotency_keys FORCE ROW LEVEL SECURITY;
GRANT SELECT, INSERT, UPDATE (status, etag, body) ON idempotency_keys TO surv_office, surv_technician, surv_customer;

CREATE POLICY tenant_only ON idempotency_keys AS RESTRICTIVE TO surv_tenant
    USING (tenant_id = (SELECT app.tenant_id()))
    WITH CHECK (tenant_id = (SELECT app.tenant_id()));

CREATE POLICY people_keep_own ON idempotency_keys TO surv_office, surv_technician, surv_customer
    USING (actor_id = (SELECT app.actor_id()))
    WITH CHECK (actor_id = (SELECT app.actor_id()));

GRANT SELECT (tenant_id, actor_id, key_hash, created_at), DELETE ON idempotency_keys TO surv_purge;
CREATE POLICY purge_path ON idempotency_keys TO surv_purge USING (created_at < now() - interval '1 day');
