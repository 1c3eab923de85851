-- For a cluster whose superuser Surv must never see: what `surv migrate` does with database.superuser_url, by psql.
-- Repeatable; run it again after each release that changes roles.sql or database.sql, then `surv migrate`.
--   set -a; . /etc/surv/surv.env; set +a
--   psql -X -v ON_ERROR_STOP=1 -d postgres -f deploy/postgres/bootstrap.sql [-v database=surv]
-- Passwords come from the environment; one that is not set there stays as it is.
\if :{?database}
\else
\set database surv
\endif
\set ON_ERROR_STOP on
-- Statements with passwords belong in no log.
SET log_statement = 'none';
SET log_min_duration_statement = -1;
SET log_min_error_statement = 'panic';
SET client_min_messages = 'warning';

\ir ../../rls-policies/roles.sql

\set password ''
\getenv password SURV_DATABASE__PASSWORDS__MIGRATOR
SELECT format('ALTER ROLE surv_migrator_login PASSWORD %L', :'password') WHERE :'password' <> '' \gexec
\set password ''
\getenv password SURV_DATABASE__PASSWORDS__ADMIN
SELECT format('ALTER ROLE surv_admin_login PASSWORD %L', :'password') WHERE :'password' <> '' \gexec
\set password ''
\getenv password SURV_DATABASE__PASSWORDS__MANAGER
SELECT format('ALTER ROLE surv_manager_login PASSWORD %L', :'password') WHERE :'password' <> '' \gexec
\set password ''
\getenv password SURV_DATABASE__PASSWORDS__TECHNICIAN
SELECT format('ALTER ROLE surv_technician_login PASSWORD %L', :'password') WHERE :'password' <> '' \gexec
\set password ''
\getenv password SURV_DATABASE__PASSWORDS__CUSTOMER
SELECT format('ALTER ROLE surv_customer_login PASSWORD %L', :'password') WHERE :'password' <> '' \gexec
\set password ''
\getenv password SURV_DATABASE__PASSWORDS__WORKER
SELECT format('ALTER ROLE surv_worker_login PASSWORD %L', :'password') WHERE :'password' <> '' \gexec
\set password ''
\getenv password SURV_DATABASE__PASSWORDS__IDENTITY
SELECT format('ALTER ROLE surv_identity_login PASSWORD %L', :'password') WHERE :'password' <> '' \gexec
\set password ''
\getenv password SURV_DATABASE__PASSWORDS__SIGNUP
SELECT format('ALTER ROLE surv_signup_login PASSWORD %L', :'password') WHERE :'password' <> '' \gexec
\set password ''
\getenv password SURV_DATABASE__PASSWORDS__DISPATCH
SELECT format('ALTER ROLE surv_dispatch_login PASSWORD %L', :'password') WHERE :'password' <> '' \gexec
\set password ''
\getenv password SURV_DATABASE__PASSWORDS__INTAKE
SELECT format('ALTER ROLE surv_intake_login PASSWORD %L', :'password') WHERE :'password' <> '' \gexec
\set password ''
\getenv password SURV_DATABASE__PASSWORDS__OPERATOR
SELECT format('ALTER ROLE surv_operator_login PASSWORD %L', :'password') WHERE :'password' <> '' \gexec
\set password ''
\getenv password SURV_DATABASE__PASSWORDS__PURGE
SELECT format('ALTER ROLE surv_purge_login PASSWORD %L', :'password') WHERE :'password' <> '' \gexec

SELECT format('CREATE DATABASE %I TEMPLATE template0 ENCODING ''UTF8'' LC_COLLATE ''C.UTF-8'' LC_CTYPE ''C.UTF-8''', :'database')
 WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = :'database') \gexec
\connect :"database"
\ir ../../rls-policies/database.sql
