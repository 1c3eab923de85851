-- Invitations to join: admins make and revoke them, the identity path accepts them. Nobody reads the secret's hash but that path.
ALTER TABLE invitations ENABLE ROW LEVEL SECURITY;
ALTER TABLE invitations FORCE ROW LEVEL SECURITY;
GRANT SELECT (tenant_id, invitation_id, email, name, role, invited_by, created_at, expires_at, accepted_at, revoked_at)
    ON invitations TO surv_office;
GRANT INSERT, UPDATE (revoked_at) ON invitations TO surv_admin;

CREATE POLICY tenant_only ON invitations AS RESTRICTIVE TO surv_tenant
    USING (tenant_id = (SELECT app.tenant_id()))
    WITH CHECK (tenant_id = (SELECT app.tenant_id()));
CREATE POLICY confinement ON invitations AS RESTRICTIVE TO surv_tenant
    USING ((SELECT app.confined_jobs()) IS NULL)
    WITH CHECK ((SELECT app.confined_jobs()) IS NULL);

CREATE POLICY office_reads_all ON invitations FOR SELECT TO surv_office
    USING (true);

CREATE POLICY admin_invites ON invitations FOR INSERT TO surv_admin
    WITH CHECK (invited_by = (SELECT app.actor_id()));

CREATE POLICY admin_revokes ON invitations FOR UPDATE TO surv_admin
    USING (true)
    WITH CHECK (true);

GRANT SELECT, UPDATE (accepted_at) ON invitations TO surv_identity;
CREATE POLICY identity_path ON invitations TO surv_identity USING (true) WITH CHECK (true);
