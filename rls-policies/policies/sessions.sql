-- Log-ins and links. Personas read and end their own; the office makes links (and ends those). Log-in is the
-- identity path's; app.admit reads them for every transaction.
ALTER TABLE sessions ENABLE ROW LEVEL SECURITY;
ALTER TABLE sessions FORCE ROW LEVEL SECURITY;
GRANT SELECT ON sessions TO surv_office, surv_technician, surv_customer;
GRANT UPDATE (ended_at, ended_reason) ON sessions TO surv_office, surv_technician, surv_customer;
GRANT INSERT ON sessions TO surv_office;

CREATE POLICY tenant_only ON sessions AS RESTRICTIVE TO surv_tenant
    USING (tenant_id = (SELECT app.tenant_id()))
    WITH CHECK (tenant_id = (SELECT app.tenant_id()));
CREATE POLICY confinement ON sessions AS RESTRICTIVE TO surv_tenant
    USING ((SELECT app.confined_jobs()) IS NULL)
    WITH CHECK ((SELECT app.confined_jobs()) IS NULL);

CREATE POLICY people_read_own ON sessions FOR SELECT TO surv_office, surv_technician, surv_customer
    USING (user_id = (SELECT app.actor_id()));

CREATE POLICY people_end_own ON sessions FOR UPDATE TO surv_office, surv_technician, surv_customer
    USING (user_id = (SELECT app.actor_id()))
    WITH CHECK (user_id = (SELECT app.actor_id()));

CREATE POLICY office_reads_links ON sessions FOR SELECT TO surv_office
    USING (kind = 'link');

CREATE POLICY office_ends_links ON sessions FOR UPDATE TO surv_office
    USING (kind = 'link')
    WITH CHECK (kind = 'link');

CREATE POLICY office_makes_links ON sessions FOR INSERT TO surv_office
    WITH CHECK (kind = 'link' AND role = 'customer');

GRANT SELECT, INSERT, UPDATE (last_seen_at, expires_at, ended_at, ended_reason) ON sessions TO surv_identity;
CREATE POLICY identity_path ON sessions TO surv_identity USING (true) WITH CHECK (true);
GRANT SELECT (tenant_id, session_id, user_id, ended_at, expires_at) ON sessions TO surv_gate_fn;
CREATE POLICY gate_fn_path ON sessions TO surv_gate_fn USING (true) WITH CHECK (true);
GRANT SELECT (tenant_id, session_id, expires_at), DELETE ON sessions TO surv_purge;
CREATE POLICY purge_path ON sessions TO surv_purge USING (expires_at < now() - interval '1 day');
