-- The SECURITY DEFINER functions. Each is owned by a role of its own with few grants, which nobody can take.
SET LOCAL ROLE surv_gate_fn;

-- Decides, at the start of every transaction of a person, whether the token still stands for somebody: session
-- not ended, nothing it descends from revoked, the membership as the token says, the company open. So a log-out,
-- a demotion and a revocation take effect with the next statement, whatever any cache says.
-- Answers 'ok' followed by the capabilities that the member is denied, or why not.
CREATE OR REPLACE FUNCTION app.admit(p_session_id uuid, p_role text, p_revocation_ids bytea[]) RETURNS text
    LANGUAGE plpgsql STABLE PARALLEL RESTRICTED SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_tenant_id uuid := app.tenant_id();
    v_user_id   uuid := app.actor_id();
    v_verdict   text;
BEGIN
    SELECT CASE
               WHEN s.ended_at IS NOT NULL OR s.expires_at <= now() THEN 'session_ended'
               WHEN t.state = 'closed' THEN 'company_closed'
               WHEN EXISTS (SELECT FROM public.revoked_tokens r
                             WHERE r.tenant_id = v_tenant_id AND r.revocation_id = ANY (p_revocation_ids))
               THEN 'revoked'
               WHEN p_role = 'customer' THEN
                   CASE WHEN EXISTS (SELECT FROM public.customer_users c
                                      WHERE c.tenant_id = v_tenant_id AND c.user_id = v_user_id AND c.state = 'active')
                        THEN 'ok' ELSE 'not_a_member' END
               WHEN m.state IS DISTINCT FROM 'active' THEN 'not_a_member'
               WHEN m.role <> p_role THEN 'role_changed'
               ELSE concat_ws(' ', 'ok', nullif(array_to_string(m.denied, ' '), ''))
           END
      INTO v_verdict
      FROM public.sessions s
      JOIN public.tenants t ON t.tenant_id = s.tenant_id
      LEFT JOIN public.members m ON m.tenant_id = s.tenant_id AND m.user_id = s.user_id
     WHERE s.tenant_id = v_tenant_id AND s.session_id = p_session_id AND s.user_id = v_user_id;
    RETURN coalesce(v_verdict, 'session_ended');
END $$;
REVOKE EXECUTE ON FUNCTION app.admit(uuid, text, bytea[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app.admit(uuid, text, bytea[]) TO surv_tenant;

-- Counts an upload that the caller's company announces today, unless that would exceed a limit: then false. The count is
-- of the whole company, which a technician or a customer may not see.
CREATE OR REPLACE FUNCTION app.count_upload(p_bytes bigint, p_most_uploads int, p_most_bytes bigint) RETURNS boolean
    LANGUAGE plpgsql VOLATILE SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF p_most_uploads < 1 OR p_bytes > p_most_bytes THEN
        RETURN false;
    END IF;
    INSERT INTO public.upload_counts AS c (tenant_id, counted_on, uploads, bytes)
    VALUES (app.tenant_id(), (now() AT TIME ZONE 'UTC')::date, 1, p_bytes)
    ON CONFLICT (tenant_id, counted_on) DO UPDATE SET uploads = c.uploads + 1, bytes = c.bytes + excluded.bytes
        WHERE c.uploads < p_most_uploads AND c.bytes + excluded.bytes <= p_most_bytes;
    RETURN FOUND;
END $$;
REVOKE EXECUTE ON FUNCTION app.count_upload(bigint, int, bigint) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app.count_upload(bigint, int, bigint) TO surv_office, surv_technician, surv_customer;

SET LOCAL ROLE surv_directory_fn;
-- The user with this address, made on first use. Tells nobody whether it was there before: the answer is an id
-- either way, and ids of users are random.
CREATE OR REPLACE FUNCTION app.user_for_email(p_email text, p_new_user_id uuid) RETURNS uuid
    LANGUAGE plpgsql VOLATILE SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_user_id uuid;
BEGIN
    INSERT INTO public.users (user_id, email) VALUES (p_new_user_id, lower(p_email)) ON CONFLICT (email) DO NOTHING;
    SELECT u.user_id INTO STRICT v_user_id FROM public.users u WHERE u.email = lower(p_email);
    RETURN v_user_id;
END $$;
REVOKE EXECUTE ON FUNCTION app.user_for_email(text, uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app.user_for_email(text, uuid) TO surv_office, surv_identity, surv_signup;
SET LOCAL ROLE surv_owner;
