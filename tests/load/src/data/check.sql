-- Rules that triggers and foreign keys would have kept while the rows were made.
SELECT 'a customer without words' AS fault
 WHERE EXISTS (SELECT FROM customers c
                WHERE NOT EXISTS (SELECT FROM customer_words w WHERE w.tenant_id = c.tenant_id AND w.customer_id = c.customer_id))
UNION ALL
SELECT 'a job whose place is another customer''s'
 WHERE EXISTS (SELECT FROM jobs j
                WHERE NOT EXISTS (SELECT FROM properties p WHERE p.tenant_id = j.tenant_id
                                     AND p.property_id = j.property_id AND p.customer_id = j.customer_id))
UNION ALL
SELECT 'a visit that is not as its job says'
 WHERE EXISTS (SELECT FROM visits v
                WHERE NOT EXISTS (SELECT FROM jobs j WHERE j.tenant_id = v.tenant_id AND j.job_id = v.job_id
                                     AND j.customer_id = v.customer_id AND j.property_id = v.property_id))
UNION ALL
SELECT 'an assignment that is not as its visit says'
 WHERE EXISTS (SELECT FROM assignments a
                WHERE NOT EXISTS (SELECT FROM visits v WHERE v.tenant_id = a.tenant_id AND v.visit_id = a.visit_id
                                     AND v.job_id = a.job_id AND v.starts_at = a.starts_at AND v.ends_at = a.ends_at))
UNION ALL
SELECT 'a technician of nowhere'
 WHERE EXISTS (SELECT FROM assignments a
                WHERE NOT EXISTS (SELECT FROM members m WHERE m.tenant_id = a.tenant_id AND m.user_id = a.technician_id
                                     AND m.role = 'technician'))
