-- What only a superuser can do once per database: close what Postgres leaves open to everybody.
-- Runs before the migrations (`surv migrate`), and again at any time.
DO $$
BEGIN
    EXECUTE format('REVOKE ALL ON DATABASE %I FROM PUBLIC', current_database());
    EXECUTE format('GRANT CONNECT ON DATABASE %I TO surv_migrator_login, surv_admin_login, surv_manager_login, '
        'surv_technician_login, surv_customer_login, surv_worker_login, surv_identity_login, surv_signup_login, '
        'surv_dispatch_login, surv_intake_login, surv_operator_login, surv_purge_login', current_database());
    EXECUTE format('GRANT CREATE ON DATABASE %I TO surv_owner', current_database());
END $$;

REVOKE ALL ON SCHEMA public FROM PUBLIC;
ALTER SCHEMA public OWNER TO surv_owner;

-- With set_config an expression injected into a query could change tenant or role in mid-statement
-- (docs/decisions/0002). SET in a statement of its own can't be reached from inside a query.
REVOKE EXECUTE ON FUNCTION pg_catalog.set_config(text, text, boolean) FROM PUBLIC;

-- uuid in an exclusion constraint.
CREATE EXTENSION IF NOT EXISTS btree_gist WITH SCHEMA public;
