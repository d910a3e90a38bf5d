SELECT
  person.one_id
FROM customer.customer_360 AS person
WHERE
  person.one_id IN (
    SELECT
      COALESCE(merged_into, one_id) AS one_id
    FROM identity.one_id
    WHERE
      one_id IN ('P1', 'P2')
  )
