-- Where work is done. A technician sees those of own visits, with the access notes; a customer sees the own ones.
ALTER TABLE properties ENABLE ROW LEVEL SECURITY;
ALTER TABLE properties FORCE ROW LEVEL SECURITY;
GRANT SELECT, INSERT ON properties TO surv_office;
GRANT UPDATE (name, street, city, region, postal_code, country, latitude, longitude, time_zone, access_notes, state,
    updated_at, version) ON properties TO surv_office;
GRANT SELECT ON properties TO surv_technician, surv_worker;
GRANT SELECT (tenant_id, property_id, customer_id, name, street, city, region, postal_code, country, latitude, longitude,
    time_zone, state, created_at, version) ON properties TO surv_customer;

CREATE POLICY tenant_only ON properties AS RESTRICTIVE TO surv_tenant
    USING (tenant_id = (SELECT app.tenant_id()))
    WITH CHECK (tenant_id = (SELECT app.tenant_id()));
CREATE POLICY confinement ON properties AS RESTRICTIVE TO surv_tenant
    USING ((SELECT app.confined_jobs()) IS NULL
        OR customer_id = ANY ((SELECT app.confined_customers())::uuid[]))
    WITH CHECK ((SELECT app.confined_jobs()) IS NULL
        OR customer_id = ANY ((SELECT app.confined_customers())::uuid[]));

CREATE POLICY office_manages_all ON properties TO surv_office
    USING (true)
    WITH CHECK (true);

CREATE POLICY worker_reads_all ON properties FOR SELECT TO surv_worker
    USING (true);

CREATE POLICY technician_reads_assigned ON properties FOR SELECT TO surv_technician
    USING (EXISTS (SELECT FROM assignments a
                    WHERE a.tenant_id = properties.tenant_id
                      AND a.property_id = properties.property_id
                      AND a.technician_id = (SELECT app.actor_id())
                      AND a.state <> 'released'
                   OFFSET 0));

CREATE POLICY customer_reads_own ON properties FOR SELECT TO surv_customer
    USING (customer_id = ANY (ARRAY(SELECT c.customer_id FROM customer_users c
                                         WHERE c.tenant_id = (SELECT app.tenant_id())
                                           AND c.user_id = (SELECT app.actor_id())
                                           AND c.state = 'active')));
