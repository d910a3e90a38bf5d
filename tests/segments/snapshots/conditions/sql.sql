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
      FROM (
        SELECT
          one_id,
          ROW_NUMBER() OVER () AS row_no
        FROM (
          SELECT
            one_id
          FROM customer.tag
          GROUP BY
            one_id
          HAVING
            COUNT(*) >= 5
        ) AS query
      ) AS numbered
      WHERE
        CASE WHEN row_no > 5000000 THEN ERROR('the query gives more than 5,000,000 rows.') ELSE TRUE END
    ) AS written
    WHERE
      NOT one_id IS NULL
  )
