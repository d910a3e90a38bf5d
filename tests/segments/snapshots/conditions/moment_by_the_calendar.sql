SELECT
  person.one_id
FROM customer.customer_360 AS person
WHERE
  person.member_since_at < CAST('2026-05-21 16:00:00' AS TIMESTAMP) /* end of the day 6 months before 2026-11-21 */
