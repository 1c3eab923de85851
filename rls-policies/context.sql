-- The context of a transaction, as policies read it. Set by text with SET LOCAL in the message that begins
-- the transaction (tenancy/src/db/context.rs). STABLE, never IMMUTABLE: an immutable accessor is folded into
-- cached plans and answered 78 % of queries for the wrong tenant when measured.
CREATE SCHEMA IF NOT EXISTS app AUTHORIZATION surv_owner;
REVOKE ALL ON SCHEMA app FROM PUBLIC;
GRANT USAGE ON SCHEMA app, public TO surv_tenant, surv_identity, surv_signup, surv_dispatch, surv_intake, surv_operator, surv_purge,
    surv_gate_fn, surv_directory_fn;

-- No missing_ok: a forgotten context is an error, not an empty list.
CREATE OR REPLACE FUNCTION app.tenant_id() RETURNS uuid
    LANGUAGE sql STABLE PARALLEL SAFE AS $$ SELECT current_setting('app.tenant_id')::uuid $$;

-- Who acts: a user, or for background work whoever caused it (the nil uuid: nobody).
CREATE OR REPLACE FUNCTION app.actor_id() RETURNS uuid
    LANGUAGE sql STABLE PARALLEL SAFE AS $$ SELECT current_setting('app.actor_id')::uuid $$;

-- NULL: the token is not confined. '{}': confined, but to nothing of this kind.
CREATE OR REPLACE FUNCTION app.confined_jobs() RETURNS uuid[]
    LANGUAGE sql STABLE PARALLEL SAFE
    AS $$ SELECT nullif(current_setting('app.confined_jobs', true), '')::uuid[] $$;
CREATE OR REPLACE FUNCTION app.confined_customers() RETURNS uuid[]
    LANGUAGE sql STABLE PARALLEL SAFE
    AS $$ SELECT nullif(current_setting('app.confined_customers', true), '')::uuid[] $$;
CREATE OR REPLACE FUNCTION app.confined_invoices() RETURNS uuid[]
    LANGUAGE sql STABLE PARALLEL SAFE
    AS $$ SELECT nullif(current_setting('app.confined_invoices', true), '')::uuid[] $$;

-- By name: the schema also holds functions of other owners, which this role may not touch.
REVOKE EXECUTE ON FUNCTION app.tenant_id(), app.actor_id(), app.confined_jobs(), app.confined_customers(),
    app.confined_invoices() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app.tenant_id(), app.actor_id(), app.confined_jobs(), app.confined_customers(),
    app.confined_invoices() TO surv_tenant, surv_gate_fn;

-- Whatever a migration creates later starts closed.
ALTER DEFAULT PRIVILEGES FOR ROLE surv_owner REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC;
