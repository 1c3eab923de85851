-- Every database role of Surv, with its attributes and memberships. Roles belong to the cluster, so this
-- runs once per cluster (`surv migrate`, as superuser) and again after each change; it can run any time.
-- Passwords are set from the configuration, never here.
--
--   surv_owner            owns everything; only migrations act as it
--   surv_tenant           group that restrictive policies name: whoever is in it sees one tenant
--     surv_office         group of the two office personas
--       surv_admin · surv_manager
--     surv_technician · surv_customer · surv_worker
--   surv_identity · surv_signup · surv_dispatch · surv_intake · surv_operator · surv_purge
--                         the cross-tenant paths, each with the few grants it needs
--   surv_gate_fn · surv_directory_fn
--                         own SECURITY DEFINER functions; granted to nobody
--
-- A login is NOINHERIT and a member of one role only: a statement injected into a technician's request
-- can't become anybody else, and a connection that forgot its context may do nothing.
DO $$
DECLARE
    name text;
BEGIN
    FOREACH name IN ARRAY ARRAY[
        'surv_owner', 'surv_tenant', 'surv_office', 'surv_admin', 'surv_manager', 'surv_technician',
        'surv_customer', 'surv_worker', 'surv_identity', 'surv_signup', 'surv_dispatch', 'surv_intake',
        'surv_operator', 'surv_purge', 'surv_gate_fn', 'surv_directory_fn'
    ] LOOP
        IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = name) THEN
            EXECUTE format('CREATE ROLE %I', name);
        END IF;
        EXECUTE format(
            'ALTER ROLE %I NOLOGIN NOSUPERUSER NOBYPASSRLS NOCREATEROLE NOCREATEDB NOREPLICATION INHERIT', name);
    END LOOP;

    FOREACH name IN ARRAY ARRAY[
        'admin', 'manager', 'technician', 'customer', 'worker',
        'identity', 'signup', 'dispatch', 'intake', 'operator', 'purge'
    ] LOOP
        IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'surv_' || name || '_login') THEN
            EXECUTE format('CREATE ROLE %I', 'surv_' || name || '_login');
        END IF;
        EXECUTE format(
            'ALTER ROLE %I LOGIN NOSUPERUSER NOBYPASSRLS NOCREATEROLE NOCREATEDB NOREPLICATION NOINHERIT',
            'surv_' || name || '_login');
        EXECUTE format('GRANT %I TO %I', 'surv_' || name, 'surv_' || name || '_login');
    END LOOP;

    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'surv_migrator_login') THEN
        CREATE ROLE surv_migrator_login;
    END IF;
    ALTER ROLE surv_migrator_login LOGIN NOSUPERUSER NOBYPASSRLS NOCREATEROLE NOCREATEDB NOREPLICATION NOINHERIT;
    -- The functions of the *_fn roles are handed to them by the migrator.
    GRANT surv_owner, surv_gate_fn, surv_directory_fn TO surv_migrator_login;
END $$;

GRANT surv_tenant TO surv_office, surv_technician, surv_customer, surv_worker;
GRANT surv_office TO surv_admin, surv_manager;

-- A request that hangs must not hold a connection, a lock or a transaction for long. One generic plan for
-- the average tenant: a plan made for the current one is re-planned on big tenants.
DO $$
DECLARE
    login text;
BEGIN
    FOR login IN SELECT rolname FROM pg_roles WHERE rolname ~ '^surv_.*_login$' AND rolname <> 'surv_migrator_login'
    LOOP
        EXECUTE format('ALTER ROLE %I SET statement_timeout = ''15s''', login);
        EXECUTE format('ALTER ROLE %I SET lock_timeout = ''5s''', login);
        EXECUTE format('ALTER ROLE %I SET idle_in_transaction_session_timeout = ''20s''', login);
        EXECUTE format('ALTER ROLE %I SET plan_cache_mode = ''force_generic_plan''', login);
        EXECUTE format('ALTER ROLE %I SET search_path = public, pg_temp', login);
    END LOOP;
    ALTER ROLE surv_migrator_login SET lock_timeout = '5s';
    ALTER ROLE surv_migrator_login SET search_path = public, pg_temp;
END $$;
