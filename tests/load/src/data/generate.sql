-- The companies of the bench, made by a superuser set by set. The same size gives the same rows.
--
-- Settings: bench.tenants; bench.large, customers of the first company; bench.ordinary, customers of each other one;
-- bench.password_hash. Triggers and foreign keys don't run: what they would keep true is true by construction, and
-- `check.sql` asks some of it afterwards.
SET session_replication_role = replica;
SET synchronous_commit = off;
SET work_mem = '256MB';
SET maintenance_work_mem = '512MB';

-- As UUIDv7: the time, then what would be random. Rows that are made in order lie in order.
CREATE FUNCTION pg_temp.id_at(at timestamptz, seed text) RETURNS uuid LANGUAGE sql IMMUTABLE AS $$
    SELECT (lpad(to_hex((extract(epoch FROM at) * 1000)::bigint), 12, '0') || '7' || left(md5(seed), 3)
            || '8' || right(md5(seed), 15))::uuid
$$;
CREATE FUNCTION pg_temp.word(list text, n bigint) RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT (string_to_array(list, ' '))[1 + n % array_length(string_to_array(list, ' '), 1)]
$$;

CREATE TEMP TABLE company AS
SELECT t, pg_temp.id_at('2025-11-01'::timestamptz + t * interval '1 hour', 'company ' || t) AS tenant_id,
       format('bench-%s', t) AS slug,
       CASE WHEN t = 1 THEN current_setting('bench.large')::int ELSE current_setting('bench.ordinary')::int END AS customers,
       -- One technician more for each 250 customers: nobody is in two places.
       CASE WHEN t = 1 THEN greatest(4, current_setting('bench.large')::int / 250) ELSE 4 END AS technicians
  FROM generate_series(1, current_setting('bench.tenants')::int) t;

INSERT INTO tenants (tenant_id, slug, name, time_zone, created_at)
SELECT tenant_id, slug, 'Bench ' || t, 'Europe/Berlin', '2025-11-01' FROM company;
INSERT INTO tenant_branding (tenant_id, display_name) SELECT tenant_id, 'Bench ' || t FROM company;

CREATE TEMP TABLE person AS
SELECT c.tenant_id, p.role, p.k, md5(format('%s %s', c.slug, p.short))::uuid AS user_id, p.short,
       format('%s@%s.example', p.short, c.slug) AS email, format('%s %s', initcap(p.role), p.k + 1) AS name
  FROM company c
 CROSS JOIN LATERAL (SELECT 'admin' AS role, 0 AS k, 'admin' AS short
           UNION ALL SELECT 'manager', 0, 'manager'
           UNION ALL SELECT 'technician', k, 'tech' || k FROM generate_series(0, c.technicians - 1) k
           UNION ALL SELECT 'customer', k, 'customer' || k FROM generate_series(0, 3) k) p;
INSERT INTO users (user_id, email, password_hash) SELECT user_id, email, current_setting('bench.password_hash') FROM person;
INSERT INTO members (tenant_id, user_id, role, name) SELECT tenant_id, user_id, role, name FROM person WHERE role <> 'customer';

-- Customers: common first names, 4,096 surnames of three syllables.
CREATE TEMP TABLE somebody AS
SELECT c.tenant_id, c.t, n, c.customers,
       pg_temp.id_at(c.at, format('customer %s %s', c.t, n)) AS customer_id,
       pg_temp.id_at(c.at, format('property %s %s', c.t, n)) AS property_id, c.at AS created_at,
       pg_temp.word('anna bernd clara david elena felix greta hugo irina jonas karin lukas maria niklas olga paul '
           'renate stefan tanja ulrich vera werner xenia yusuf', n) AS first,
       initcap(pg_temp.word('ber bru dor fal gar hol kam lin mar nor pet rad sal tor ull wen', h)
           || pg_temp.word('ba de fi go hu ka le mi no pu ra se ti vo wi za', h / 16)
           || pg_temp.word('bach berg dorf feld gel hart heim ler mann mer ner rich stein thal wald zer', h / 256)) AS last
  FROM (SELECT c.*, n, '2025-11-02'::timestamptz + n * interval '10 minutes' AS at,
               ('x' || left(md5(format('%s %s', c.t, n)), 7))::bit(28)::int AS h
          FROM company c, generate_series(0, c.customers - 1) n) c;
INSERT INTO customers (tenant_id, customer_id, kind, name, email, phone, office_notes, created_at, updated_at)
SELECT tenant_id, customer_id, CASE WHEN n % 8 = 0 THEN 'company' ELSE 'person' END, initcap(first) || ' ' || last,
       format('%s.%s%s@mail.example', first, lower(last), n), '+4930' || (1000000 + (t * 7919 + n) % 9000000),
       CASE WHEN n % 4 = 0 THEN 'Rings back before noon. Invoice by e-mail, two copies.' ELSE '' END, created_at, created_at
  FROM somebody ORDER BY t, n;
INSERT INTO customer_words (tenant_id, word, customer_id)
SELECT c.tenant_id, w, c.customer_id
  FROM customers c JOIN company USING (tenant_id), app.words_of(c.name, coalesce(c.email, ''), coalesce(c.phone, '')) w
 ORDER BY 1, 2, 3;
INSERT INTO properties (tenant_id, property_id, customer_id, name, street, city, postal_code, country, time_zone,
                        access_notes, created_at, updated_at)
SELECT tenant_id, property_id, customer_id, 'House', format('%s Street %s', last, 1 + n % 200),
       pg_temp.word('Berlin Potsdam Oranienburg Bernau Falkensee Teltow', n), 10115 + n % 3000, 'DE', 'Europe/Berlin',
       CASE WHEN n % 3 = 0 THEN 'Key at the neighbour, second floor.' ELSE '' END, created_at, created_at
  FROM somebody ORDER BY t, n;
-- Customers who log in stand for one customer each.
INSERT INTO customer_users (tenant_id, user_id, customer_id, email, name)
SELECT p.tenant_id, p.user_id, s.customer_id, p.email, initcap(s.first) || ' ' || s.last
  FROM person p JOIN somebody s ON s.tenant_id = p.tenant_id AND s.n = p.k WHERE p.role = 'customer';

-- Five jobs a customer over 40 weeks, evenly: a week of an ordinary company of 400 has 50 visits.
ANALYZE company, person, somebody;
CREATE TEMP TABLE work AS
SELECT s.tenant_id, s.t, c.k, s.customer_id, s.property_id, p.user_id AS technician_id, p.name AS technician_name, at,
       pg_temp.id_at(at - interval '9 days', format('job %s %s', s.t, c.k)) AS job_id,
       pg_temp.id_at(at - interval '9 days', format('visit %s %s', s.t, c.k)) AS visit_id,
       at < '2026-06-01' AS past
  FROM (SELECT c.*, k, '2025-12-01'::timestamptz + k * (interval '280 days' / (5 * c.customers)) AS at
          FROM company c, generate_series(0, 5 * c.customers - 1) k) c
  -- 7919 is prime, so a customer's jobs lie apart.
  JOIN somebody s ON s.t = c.t AND s.n = (c.k::bigint * 7919) % c.customers
  JOIN person p ON p.tenant_id = c.tenant_id AND p.role = 'technician' AND p.k = c.k % c.technicians;
INSERT INTO jobs (tenant_id, job_id, number, customer_id, property_id, title, description, state, open_visits, created_at, updated_at)
SELECT tenant_id, job_id, k + 1, customer_id, property_id,
       pg_temp.word('Boiler_service Leak_under_the_sink New_radiator Heat_pump_check Blocked_drain Annual_inspection', k),
       CASE WHEN k % 2 = 0 THEN 'Please call half an hour before. The dog is friendly.' ELSE '' END,
       CASE WHEN past THEN 'completed' ELSE 'scheduled' END, CASE WHEN past THEN 0 ELSE 1 END,
       at - interval '9 days', at - interval '9 days'
  FROM work ORDER BY t, k;
INSERT INTO counters (tenant_id, series, last_value) SELECT tenant_id, 'job', 5 * customers FROM company;
INSERT INTO visits (tenant_id, visit_id, job_id, customer_id, property_id, state, starts_at, ends_at, window_start,
                    window_end, time_zone, open_assignments, created_at, updated_at)
SELECT tenant_id, visit_id, job_id, customer_id, property_id, CASE WHEN past THEN 'completed' ELSE 'scheduled' END,
       at, at + interval '90 minutes', at - interval '1 hour', at + interval '2 hours', 'Europe/Berlin',
       CASE WHEN past THEN 0 ELSE 1 END, at - interval '9 days', at - interval '9 days'
  FROM work ORDER BY t, k;
INSERT INTO assignments (tenant_id, visit_id, technician_id, technician_name, job_id, customer_id, property_id, starts_at,
                         ends_at, state, assigned_at, on_the_way_at, arrived_at, completed_at)
SELECT tenant_id, visit_id, technician_id, technician_name, job_id, customer_id, property_id, at, at + interval '90 minutes',
       CASE WHEN past THEN 'completed' ELSE 'assigned' END, at - interval '8 days',
       CASE WHEN past THEN at - interval '20 minutes' END, CASE WHEN past THEN at END,
       CASE WHEN past THEN at + interval '80 minutes' END
  FROM work ORDER BY t, k;

DROP TABLE work, somebody, person, company;
SET session_replication_role = origin;
