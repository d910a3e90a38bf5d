SELECT
  person.one_id
FROM customer.customer_360 AS person
WHERE
  person.one_id IN (
    /* written by hand */
    SELECT DISTINCT
      one_id
    FROM (
      SELECT
        one_id
      FROM customer.tag
      GROUP BY
        one_id
      HAVING
        COUNT(*) >= 5
    ) AS written
    WHERE
      NOT one_id IS NULL
  )
